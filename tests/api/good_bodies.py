"""A good body of every operation that is about an account."""

GOOD = {
    ("POST", "/auth/register"): {"email": "a@example.com", "phone_number": "+15550001111", "password": "Good.Horse9"},
    ("POST", "/auth/verify-email"): {"code": "x"},
    ("POST", "/auth/resend-verification"): {"email": "a@example.com"},
    ("POST", "/auth/login"): {"email": "a@example.com", "password": "Good.Horse9"},
    ("POST", "/auth/refresh"): {"refresh_token": "x"},
    ("POST", "/auth/logout"): {"refresh_token": "x"},
    ("POST", "/auth/password-reset"): {"email": "a@example.com"},
    ("POST", "/auth/password-reset/confirm"): {"token": "x", "new_password": "Good.Horse9"},
    ("PUT", "/users/me"): {"email": "a@example.com", "phone_number": "+15550001111", "password": "Good.Horse9"},
    ("POST", "/api-keys/"): {"description": "x", "mode": "live"},
}
