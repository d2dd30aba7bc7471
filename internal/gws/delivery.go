package gws

import "errors"

// Delivery is what is known about a request after it failed: whether the
// caller may send it again.
type Delivery string

// The values of [Delivery].
const (
	NotSent  Delivery = "not-sent" // nothing left, sending again is safe
	Rejected Delivery = "rejected" // the server refused, nothing was done
	Accepted Delivery = "accepted" // the server took it; what came of it follows elsewhere
	Unknown  Delivery = "unknown"  // it may have been processed
)

// DeliveryOf returns what is known about the request whose error, from
// [Auth.Post] or [Auth.SignIn], is err: Accepted for nil, and Unknown,
// which promises nothing, for an error from elsewhere.
func DeliveryOf(err error) Delivery {
	if err == nil {
		return Accepted
	}
	if d, ok := errors.AsType[*deliveryError](err); ok {
		return d.delivery
	}
	return Unknown
}

// deliveryError adds to an error what is known about the request. The same
// kind of error means different things by when it happened: no answer to the
// POST leaves all open, no answer to the GET for a new token does not.
type deliveryError struct {
	delivery Delivery
	err      error
}

func withDelivery(d Delivery, err error) error {
	if err == nil {
		return nil
	}
	return &deliveryError{delivery: d, err: err}
}

func (e *deliveryError) Error() string { return e.err.Error() }
func (e *deliveryError) Unwrap() error { return e.err }

// deliveryOfAnswer returns what an answer that is an error says about the
// request it answers.
func deliveryOfAnswer(err error) Delivery {
	if _, ok := errors.AsType[*UnauthorizedError](err); ok {
		return Rejected
	}
	if e, ok := errors.AsType[*StatusError](err); ok {
		// Of a code that is not documented, what stands in between may be the author: its own answers have one of HTTP there.
		foreign := StatusMeaning(e.StatusCode) == "" && (leavesOpen(e.HTTPStatus) || leavesOpen(e.StatusCode))
		if foreign || MayHaveActed(e.StatusCode) {
			return Unknown
		}
		return Rejected // documented: no data was modified
	}
	if e, ok := errors.AsType[*HTTPError](err); ok && e.Status >= 400 && !leavesOpen(e.Status) {
		return Rejected
	}
	return Unknown
}

// leavesOpen reports whether a request may have been processed that fails with this status of HTTP.
func leavesOpen(status int) bool {
	const requestTimeout = 408 // what stands in between may say it, after the request went on
	return status == requestTimeout || status >= 500
}
