"""First names, and words that make a name the name of a company or a desk. Lower case, as tokens are.

The names are common ones of the United Kingdom, Ireland and the United States, of their larger communities, and of
the countries that answer their calls. A name that is not here still counts where it is written with a capital and
introduced as one; the list decides only where the writing leaves it open.
"""

from __future__ import annotations

FIRST_NAMES = frozenset(
    """
    aaron abby abdul abdullah abigail adam adele adrian adriana agnes ahmed aidan aileen aisha alan alana albert
    alec alejandro alex alexander alexandra alexis alfie alfred ali alice alicia alison allan allen amanda amber
    amelia amina amir amit amy ana andre andrea andrew andy angel angela angelica angie angus anil anisha anita
    ann anna anne annette annie anthony antoine antonio anya april archie ariana arjun arlene armando arthur
    asha ashley ashok astrid aubrey audrey austin ava ayesha barbara barry beatrice beatriz becky belinda ben
    benedict benjamin bernadette bernard bernice beth bethany betty beverley beverly bill billy blake bob bobby
    bonnie brad bradley brandon brenda brendan brian bridget bruce bruno bryan bryony byron caitlin callum
    calvin cameron camilla camille cara carl carla carlos carly carmen carol carole caroline carolyn carrie
    casey cassandra catherine cathy cecilia cedric celeste celia chantelle charlene charles charlie charlotte
    chelsea cheryl chloe chris christian christina christine christopher ciara cindy claire clara clare claudia
    clive cody colin colleen conor connor corey courtney craig cristina crystal curtis cynthia daisy dale damian
    damien dan dana daniel daniela danielle danny daphne darius darrell darren darryl daryl dave david dawn dean
    deanna debbie deborah debra declan deepa deepak delphine denise dennis derek dermot desmond diana diane
    dinesh dominic donald donna doris dorothy doug dougal douglas duncan dwayne dylan eamon ed eddie edgar edith
    edmund edna eduardo edward edwin eileen elaine eleanor elena eli elias elijah elise elizabeth ella ellen
    ellie elliot elsie emily emma enrique eric erica erik erin ernest esme esther ethan eugene eva eve evelyn
    ewan fabian faith fatima faye felicity felipe felix fernando finn fiona fletcher flora florence frances
    francesca francis francisco frank franklin fred freddie frederick freya gabriel gabriela gail gareth garry
    gary gavin gayle gemma gene geoff geoffrey george georgia georgina gerald geraldine gerard gilbert gill
    gillian gina glen glenda glenn gloria gordon grace graham grant greg gregory greta guy gwen hamish hana
    hannah harold harpreet harriet harrison harry harvey hassan hayley hazel heather hector heidi helen helena
    henry hilary holly hope howard hugh hugo hussain ian ibrahim imogen imran india ines ingrid irene iris isaac
    isabel isabella isla ivan ivy jack jackie jackson jacob jacqueline jade jaime jake jamal james jamie jan
    jane janet janice jared jasmine jason jasper javier jay jean jeff jeffrey jen jenna jennifer jenny jeremy
    jermaine jerome jerry jess jesse jessica jill jim jimmy joan joann joanna joanne joe joel john johnny jon
    jonas jonathan jordan jorge jose joseph josephine josh joshua joy joyce juan juanita judith judy julia
    julian julie juliet justin justine kai kaitlyn kamal karen karim karl kate katherine kathleen kathryn kathy
    katie katrina kavita kay kayla keeley keiran keith kelly kelsey ken kenneth kerry kevin khalid kieran kim
    kimberly kiran kirsten kirsty kofi kris krishna kristen kristin kristina krystal kumar kurt kwame kyle kylie
    lakshmi lance lara larry laura lauren laurence lawrence layla leah leanne lee leigh leila lena leo leon
    leonard leroy lesley leslie lewis liam lila lily linda lindsay lisa liz lizzie lloyd logan lois lola lorna
    lorraine louis louisa louise luca lucas lucia lucy luis luke lydia lynette lynn lynne mabel mackenzie maddie
    madeleine madison maeve maggie mai malcolm malik mandy manuel marc marcella marcia marco marcus margaret
    maria mariam marian marie marina mario marisol marissa marjorie mark marlene marlon marsha martha martin
    martina marvin mary mason matilda matt matthew maureen maurice maxine megan mehmet mel melanie melinda
    melissa melvin mercedes mia michael michaela michelle miguel mike mila mildred miles millie milo miranda
    miriam mitchell mohamed mohammad mohammed moira molly mona monica monique morgan moses muhammad muriel myra
    nadia nadine naomi naomie natalia natalie natasha nathan nathaniel neal neha neil nelson niamh nicholas nick
    nicola nicolas nicole nigel nikhil nikita nikki nina noah noel nora norma norman olga olive oliver olivia
    ollie omar opal orla oscar otis owen pablo padma paige pam pamela patricia patrick patty paul paula pauline
    pavel pedro peggy penelope penny percy perry pete peter petra phil philip philippa phillip phoebe phyllis
    pierre piotr polly pooja poppy preeti priscilla priya rachael rachel rahul raj rajesh ralph ramon randall
    randy raquel rashid rashida raul ravi ray raymond rebecca regina reginald renata rene reuben rhiannon rhona
    rhys ricardo richard rick ricky riley rita rob robbie robert roberta roberto robin robyn rochelle roderick
    rodney roger rohan roland roman ron ronald ronnie rosa rosalind rosanna rose rosemary rosie ross rowan roy
    ruby rudy rufus rupert russell ruth ryan sabrina sadie saira sal sally sam samantha samir samuel sandeep
    sandra sandy sanjay sanjeev santiago sara sarah sasha saul scott sean sebastian selina serena sergio seth
    shane shanelle shania shannon shari sharon shaun shauna shawn sheila shelley sheryl shirley sian sidney
    sienna silvia simon simone siobhan sofia sonia sonya sophia sophie spencer stacey stacy stan stanley stefan
    stella stephanie stephen steve steven stewart stuart sue suki sunil sunita surinder susan susannah susie
    suzanne sven sydney sylvia tamara tamika tammy tanisha tanya tara tariq tasha taylor ted teresa terence
    terri terry tess tessa thea thelma theo theodore theresa thomas tiffany tim timothy tina toby todd tom tomas
    tommy toni tony tracey traci tracy travis trevor tricia trish tristan troy tyler tyrone ursula valerie
    vanessa vaughn vera vernon veronica vicki vicky victor victoria vijay vikram vince vincent viola violet
    virginia vivian vivien wade wallace walter wanda wayne wendy wesley whitney wilfred will william willie
    wilma winston xavier yasmin yolanda yusuf yvette yvonne zac zach zachary zara zoe zoey
    """.split()
)
EVERYDAY_NAMES = frozenset(
    """
    angel april art bill carol christian crystal daisy dale dawn dean eve faith frank gene grace grant guy hazel heather
    holly hope india iris ivy jade joy lance lily mark mason miles neal olive opal pat penny poppy ray rob rose rosemary
    ruby sue violet wade will
    """.split()
)
"""First names that are everyday words: they need a capital, or the place of a name."""
ORGANISATIONS = frozenset(
    """
    accounts advice agency air airlines airways assist assistance associates bank banking billing broadband bureau
    cancellations care cars cellular center central centre claims clinic club collections communications company
    complaints connections corporation council credit customer deliveries delivery dental department desk direct
    electric electricity electronics emergency energy enquiries express faults ferries ferry fibre finance financial
    fitness florist florists foods foundation funerals furniture games garage garages gas glass group gym health
    healthcare heating helpdesk helpline hire holdings holidays home homes hospice hospital hotel hotels housing
    insurance internet kennels laboratories legal lettings library limited line loans logistics lottery loyalty ltd
    management markets marquees media medical membership memberships mobile mobility mortgages motors museum network
    networks office online operations opticians orders parcels partners pensions pharmacy plan plc plumbing post
    power practice products properties rail reception recoveries recovery refunds rentals repairs reservations
    resolutions retail retentions returns sales savings school security service services shop shopping society
    software solar solicitors solutions state store stores studio studios supplies support surgery switchboard
    systems taxis team tech technical technologies technology telecom telephone theatre tickets tours trains travel
    trust tyres university upgrades utilities vets warranty water windows wireless works
    airbnb airtel aldi allianz allstate amazon apple argos asda aviva axa barclays bt capita centrica citibank comcast
    costco currys dhl dpd easyjet ebay edf ee eir evri expedia facebook fedex flipkart geico giffgaff google halifax
    hdfc hsbc icici ikea jio lidl lloyds lufthansa marriott mastercard microsoft monzo natwest netflix npower o2 paypal
    paytm plusnet revolut ryanair sainsburys samsung santander sky swiggy talktalk tesco ups verizon visa vodafone
    walmart xfinity zomato
    """.split()
)
"""Words that name a company, a desk or a department, alone or beside its name, and companies that many agents speak
for: "you're through to Vodafone" names nobody."""
