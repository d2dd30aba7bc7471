package gws

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReadRequest(t *testing.T) {
	complete := Fields{
		"recordHandle": "9223372036854775807", "applicationId": 134.0, "campaignName": "Campaign1", "callingList": "CallingList1",
		"devicePath": "/devices/1", "callResult": "OurOwnResult", "referenceId": "a/b",
	}
	for method, fields := range map[string]Fields{
		"completeRecord":  complete,
		"updateRecord":    {"recordHandle": 12.0, "applicationId": 1.0, "campaignName": "C", "devicePath": "/d", "timeZone": -5.0, "from": 0.0},
		"doNotCallRecord": {"applicationId": 1.0, "campaignName": "C", "phoneNumber": "5551234", "devicePath": "/d", "referenceId": "😀"},
		"addRecord": {"applicationId": 1.0, "campaignName": "C", "callingList": "L", "phoneNumber": "1", "phoneType": "Mobile", "timeZone": "GMT", "from": 0.0, "until": 1.0, "devicePath": "/d",
			"otherFields": map[string]any{"a": "", "b": 1e-7, "c": false, "d": -5.0}},
		"rescheduleRecord": {"recordHandle": 5.0, "applicationId": 1.0, "campaignName": "C", "callbackType": "Personal", "timestamp": 1.8e9, "devicePath": "/d"},
		"rejectRecord":     {"recordHandle": "9007199254740993", "applicationId": "9007199254740993", "campaignName": "C", "callingList": "L", "devicePath": "/d"},
		"getPreviewRecord": {"campaignName": "C/%2F ü?#", "applicationId": 1.0, "devicePath": "/d"},
	} {
		sent, problems := ParseRequest(method, fields, true)
		require.Empty(t, problems, method)
		read, ok := ReadRequest(sent.Path(), string(sent.Body()))
		require.True(t, ok, method)
		require.Equal(t, sent, read)
		require.Equal(t, fields, read.Fields())
	}
	when := time.Unix(1_800_000_000, 0)
	sent, problems := ParseRequest("rescheduleRecord", Fields{"recordHandle": 5.0, "applicationId": 1.0, "campaignName": "C",
		"callbackType": "Personal", "timestamp": when, "devicePath": "/d"}, false)
	require.Empty(t, problems)
	require.Equal(t, 1.8e9, sent.Fields()["timestamp"], "as it is sent")
}

func TestReadRequestThatIsNone(t *testing.T) {
	const path, campaign = "/api/v2/me/outbound-records/12", "/api/v2/me/outbound-campaigns/C"
	for _, odd := range [][2]string{
		{path, ``}, {path, `null`}, {path, `[]`}, {path, `{}`}, {path, `{"operationName":5}`},
		{path, `{"operationName":"CompleteRecord"}`}, // what it must have is missing
		{path, `{"operationName":"NoSuchRecord","applicationId":1,"campaignName":"C","callingList":"L","devicePath":"/d"}`},
		{"/api/v2/me/elsewhere/12", `{"operationName":"CompleteRecord","applicationId":1,"campaignName":"C","callingList":"L","devicePath":"/d"}`},
		{"/api/v2/me/outbound-records/twelve", `{"operationName":"CompleteRecord","applicationId":1,"campaignName":"C","callingList":"L","devicePath":"/d"}`},
		{path, `{"operationName":"CompleteRecord","applicationId":1,"campaignName":"C","callingList":"L","devicePath":"/d","more":1}`},
		{path, `{"operationName":"CompleteRecord","applicationId":1,"campaignName":"C","callingList":"L","devicePath":"/d","referenceId":null}`},
		{path, `{"operationName":"CompleteRecord","applicationId":1,"campaignName":"C","callingList":"L","devicePath":{"x":1}}`},
		{"/api/v2/me/outbound-records", `{"operationName":"AddRecord","applicationId":1,"campaignName":"C","callingList":"L","phoneNumber":"1","phoneType":"Mobile","timeZone":"GMT","from":0,"until":1,"devicePath":"/d","otherFields":{"a":{}}}`},
		{campaign, `{"operationName":"GetPreviewRecord","applicationId":1,"devicePath":"/d","campaignName":"of another"}`},
		{"/api/v2/me/outbound-campaigns/..", `{"operationName":"GetPreviewRecord","applicationId":1,"devicePath":"/d"}`},
	} {
		_, ok := ReadRequest(odd[0], odd[1])
		require.False(t, ok, "%s %s", odd[0], odd[1])
	}
}
