package gws

import (
	"encoding/json"
	"fmt"
	"strconv"
)

const completeRecord = "CompleteRecord" // the operationName

const (
	maxName  = 1024 // characters of a campaign, calling list or device path
	maxShort = 256  // characters of a call result, phone number or reference
)

// CompleteRecord is the request that completes an outbound record, as
// [ParseCompleteRecord] lets it pass. The last three may be empty, and are
// then not sent.
type CompleteRecord struct {
	RecordHandle  string // digits, 1 to 2^63-1, without leading zeros
	ApplicationID int64  // of the Outbound Contact Server, 1 to 2^53-1
	CampaignName  string
	CallingList   string
	DevicePath    string // such as "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00"
	CallResult    string // as the caller wrote it
	PhoneNumber   string
	ReferenceID   string // comes back in the acknowledgement; see [NewReferenceID]
}

// ParseCompleteRecord checks a request from JavaScript. It returns every
// problem: first recordHandle, then the documented parameters in the order of
// the documentation, then unknown fields in alphabetical order. With problems
// the CompleteRecord is zero. With allowUnknownCallResult any text may be the
// callResult.
func ParseCompleteRecord(f Fields, allowUnknownCallResult bool) (CompleteRecord, []Problem) {
	r := fieldReader{fields: f}
	var c CompleteRecord
	c.RecordHandle = r.recordHandle("recordHandle")
	r.operationName("operationName")
	c.ApplicationID = r.applicationID("applicationId")
	c.CampaignName = r.text("campaignName", maxName, true)
	c.CallingList = r.text("callingList", maxName, true)
	c.CallResult = r.callResult("callResult", allowUnknownCallResult)
	c.PhoneNumber = r.text("phoneNumber", maxShort, false)
	c.DevicePath = r.text("devicePath", maxName, true)
	c.ReferenceID = r.text("referenceId", maxShort, false)
	r.unknown()
	if r.problems != nil {
		return CompleteRecord{}, r.problems
	}
	return c, nil
}

// recordHandle reads a handle into its digits. Servers count handles in 64
// bits, which a number in JavaScript cannot hold, so digits are taken too.
func (r *fieldReader) recordHandle(field string) string {
	const expected = "expected a positive integer, or its digits as a string"
	v := r.value(field)
	switch v := v.(type) {
	case nil:
		r.problem(field, "missing, "+expected)
		return ""
	case float64:
		if n, ok := positiveInteger(v); ok {
			return strconv.FormatInt(n, 10)
		}
		if v > maxSafeInteger {
			r.problem(field, "got "+got(v)+", which JavaScript does not hold exactly; pass the digits as a string")
			return ""
		}
	case string:
		const longest = 19 // digits of 2^63-1
		if digits(v) && len(v) <= longest {
			if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > 0 {
				return strconv.FormatInt(n, 10)
			}
		}
		if digits(v) {
			r.problem(field, "got "+got(v)+", expected 1 to 9223372036854775807, in at most 19 digits")
			return ""
		}
	}
	r.problem(field, "got "+got(v)+", "+expected)
	return ""
}

// operationName lets pass the one name that the documented body has.
func (r *fieldReader) operationName(field string) {
	if v := r.value(field); v != nil && v != completeRecord {
		r.problem(field, "got "+got(v)+`, expected "`+completeRecord+`" or no such field`)
	}
}

func (r *fieldReader) applicationID(field string) int64 {
	const expected = "expected a positive integer"
	v := r.value(field)
	switch v := v.(type) {
	case nil:
		r.problem(field, "missing, "+expected)
		return 0
	case float64:
		if n, ok := positiveInteger(v); ok {
			return n
		}
		if v > maxSafeInteger {
			r.problem(field, "got "+got(v)+", expected at most 9007199254740991")
			return 0
		}
	case string:
		if digits(v) {
			r.problem(field, "got the string "+got(v)+", "+expected+": pass a number")
			return 0
		}
	}
	r.problem(field, "got "+got(v)+", "+expected)
	return 0
}

func (r *fieldReader) callResult(field string, allowUnknown bool) string {
	if code, ok := r.fields[field].(float64); ok {
		r.value(field)
		message := "got " + got(code) + ", expected the name of a call result"
		for _, known := range CallResults() {
			if code == float64(known.Code) {
				message += fmt.Sprintf(": %d is '%s'", known.Code, known.Name)
			}
		}
		r.problem(field, message)
		return ""
	}
	name := r.text(field, maxShort, false)
	if name == "" {
		return ""
	}
	if message := checkCallResult(name, allowUnknown); message != "" {
		r.problem(field, message)
		return ""
	}
	return name
}

// Path returns the path of the request, below the base URL: "/api/v2/me/outbound-records/12".
func (r CompleteRecord) Path() string {
	return "/api/v2/me/outbound-records/" + r.RecordHandle
}

// Body returns the JSON body: the parameters with operationName, without what
// is empty, and without the handle, which the path has.
func (r CompleteRecord) Body() []byte {
	body, err := json.Marshal(struct {
		OperationName string `json:"operationName"`
		ApplicationID int64  `json:"applicationId"`
		CampaignName  string `json:"campaignName"`
		CallingList   string `json:"callingList"`
		CallResult    string `json:"callResult,omitempty"`
		PhoneNumber   string `json:"phoneNumber,omitempty"`
		DevicePath    string `json:"devicePath"`
		ReferenceID   string `json:"referenceId,omitempty"`
	}{
		completeRecord, r.ApplicationID, r.CampaignName, r.CallingList,
		r.CallResult, r.PhoneNumber, r.DevicePath, r.ReferenceID,
	})
	if err != nil {
		panic(err) // strings and an integer always marshal
	}
	return body
}
