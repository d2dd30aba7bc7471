package gws

// Status codes that need more than their meaning.
const (
	statusOK         = 0
	statusForbidden  = 3
	statusInternal   = 4
	statusPermission = 5
	statusPartial    = 7
	statusIncomplete = 9
)

// MayHaveActed reports whether the server may have done what was asked, or a part of it, though it
// answers with this statusCode. With all others it has not: no data was modified. An
// internal error may come from a server behind GWS, which had the request already.
func MayHaveActed(code int) bool {
	return code == statusInternal || code == statusPartial || code == statusIncomplete
}

// The documented meanings (GWS 8.6, "Return Values"); the index is the code.
var statusMeanings = [...]string{
	"successful",
	"a required parameter is missing",
	"a parameter is not valid in the current state",
	"forbidden",
	"internal error of the server",
	"no permission",
	"resource not found",
	"only partially successful",
	"the password must be changed first",
	"processing is not complete",
	"the input did not pass validation",
	"the property is read-only",
	"the resource could not be retrieved",
	"the resource could not be created",
	"the resource could not be deleted",
	"the resource could not be updated",
	"the resource could not be assigned",
	"the resource could not be unassigned",
	"the resource already exists",
	"the resource is already in use",
	"not authenticated",
}

// StatusMeaning returns in words what the statusCode of a GWS response
// means, or "" for a code that is not documented.
func StatusMeaning(code int) string {
	if code < 0 || code >= len(statusMeanings) {
		return ""
	}
	return statusMeanings[code]
}
