// validatorUrl null: the page must not send the document to a validator on the internet.
SwaggerUIBundle({url: "/openapi.json", dom_id: "#docs", validatorUrl: null, deepLinking: true});
