package gws

import (
	"context"
	"errors"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/httpx"
)

// Post sends body, which is JSON, to path below the base URL, signing in
// first if that was not done. It returns nil for HTTP 2xx with statusCode 0.
// progress, if not nil, is called with Unknown each time just before the request leaves, and
// with Rejected where it is to leave again, and reports whether it may: then it leaves even if
// ctx ends at that moment, so that who ends ctx can know which of the two came first. It leaves again
// only where the server refused it before it did anything, once
// for a CSRF token (403) and once for new headers (401), and only for the agent of the first
// sign-in. A sign-in that is under way is waited for, since it may name another one.
//
// Errors: [*AgentChangedError], [*UnauthorizedError], [*StatusError], [*HTTPError],
// [*httpx.NetworkError], [*TimeoutError], that of Headers, or that of ctx.
// [DeliveryOf] says whether the server may have processed the request, which
// does not follow from the kind of error alone.
func (s *Auth) Post(ctx context.Context, path string, body []byte, progress func(Delivery) bool) error {
	if err := s.renew(ctx, false, func(now state) bool { return now.signIns > 0 }); err != nil {
		return withDelivery(NotSent, err)
	}
	request := "POST " + path
	unsent := NotSent // what is known if it doesn't leave (again)
	var newToken, newHeaders bool
	goesOn := func(d Delivery) error {
		if progress != nil && !progress(d) {
			return withDelivery(unsent, fmt.Errorf("%s: %w", request, context.Canceled))
		}
		return nil
	}
	for {
		s.awaitCheck(ctx)
		now := s.snapshot()
		if now.changed {
			return withDelivery(unsent, fmt.Errorf("%s: %w", request, &AgentChangedError{}))
		}
		if err := ctx.Err(); err != nil {
			return withDelivery(unsent, fmt.Errorf("%s: %w", request, err))
		}
		if err := goesOn(Unknown); err != nil {
			return err
		}
		resp, err := s.do(ctx, "POST", path, s.header(now), body)
		if err != nil {
			return withDelivery(Unknown, err)
		}
		switch {
		case resp.Status == 401 && s.mayAskAgain() && !newHeaders:
			newHeaders, unsent = true, Rejected
			if err := goesOn(Rejected); err != nil {
				return err
			}
			if err := s.renew(ctx, true, func(st state) bool { return st.asked > now.asked && st.signIns > now.signIns }); err != nil {
				return withDelivery(Rejected, fmt.Errorf("%s: signing in again after HTTP 401: %w", request, err))
			}
		case s.config.CSRF && refusesToken(resp, now.csrf) && !newToken:
			newToken, unsent = true, Rejected
			if err := goesOn(Rejected); err != nil {
				return err
			}
			if err := s.renew(ctx, false, func(st state) bool { return st.signIns > now.signIns }); err != nil {
				return withDelivery(Rejected, fmt.Errorf("%s: getting a CSRF token after HTTP 403: %w", request, err))
			}
		default:
			err := checkPostAnswer(request, resp, now.csrf, newToken, s.config.CSRF)
			if u, ok := errors.AsType[*UnauthorizedError](err); ok {
				u.Again = newHeaders
			}
			return withDelivery(deliveryOfAnswer(err), err)
		}
	}
}

// checkPostAnswer is checkAnswer for the POST: it adds what a refusal for
// lack of rights usually comes from. The token sent was a fresh one, fetched
// after a first refusal, if fresh is set; csrf says whether tokens are used.
func checkPostAnswer(request string, resp *httpx.Response, sent csrfToken, fresh, csrf bool) error {
	err := checkAnswer(request, resp)
	if err != nil && refusesToken(resp, sent) {
		switch {
		case csrf && fresh:
			return &HTTPError{Request: request, Status: resp.Status, Reason: refusedAgain(resp, sent)}
		case !csrf && mentionsCSRF(resp):
			return &HTTPError{Request: request, Status: resp.Status,
				Reason: "the server demands a CSRF token, and the option csrf is off" + quoteBody(resp) + " (errors.md#csrf-off)"}
		}
	}
	if e, ok := errors.AsType[*StatusError](err); ok &&
		(e.StatusCode == statusForbidden || e.StatusCode == statusPermission || e.HTTPStatus == 403) {
		e.hint += featureHint
	}
	if e, ok := errors.AsType[*HTTPError](err); ok && e.Status == 403 {
		e.Reason += featureHint
	}
	return err
}

// refusedAgain says what a second refusal, after the GET for a fresh token, comes from.
func refusedAgain(resp *httpx.Response, sent csrfToken) string {
	reason := "refused again after a fresh CSRF token was fetched" + quoteBody(resp)
	if sent == (csrfToken{}) {
		reason = "refused, also after a GET for a CSRF token" + quoteBody(resp) +
			"; that GET's response showed no X-CSRF-HEADER and X-CSRF-TOKEN:" +
			" a server of another origin must expose both (Access-Control-Expose-Headers; errors.md#csrf-hidden)"
	}
	if !mentionsCSRF(resp) {
		reason += featureHint
	}
	return reason
}
