/** A request as in the documentation of the API. */
export const request = {
  recordHandle: 12,
  applicationId: 134,
  campaignName: "Campaign1",
  callingList: "CallingList1",
  callResult: "Answer",
  phoneNumber: "5551234",
  devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
};

const { recordHandle, applicationId, campaignName, callingList, devicePath, phoneNumber } = request;
const campaign = { applicationId, campaignName, devicePath };
const record = { ...campaign, recordHandle, callingList };
const number = { phoneNumber, phoneType: "Mobile", timeZone: "GMT", from: 1, until: 2 };

/** A request of each method. */
export const requests = {
  completeRecord: request,
  addRecord: {
    ...campaign,
    callingList,
    ...number,
    chainId: 7,
    otherFields: { FirstName: "Zoë", Premium: 12.5, Vip: true, Note: "" },
  },
  updateRecord: { ...record, ...number },
  rejectRecord: record,
  cancelRecord: { ...record, chainAttribute: "AllChain" },
  doNotCallRecord: { ...record, phoneNumber },
  rescheduleRecord: {
    ...campaign,
    recordHandle,
    callbackType: "Personal",
    timestamp: 1_900_000_000,
  },
  getChainedRecords: { ...campaign, recordHandle },
  getPreviewRecord: campaign,
  startPreviewSession: campaign,
  endPreviewSession: campaign,
};

/** What a server sends for the first. */
export const acknowledgement = {
  messageType: "OutboundRecordMessage",
  notificationType: "RecordProcessedAcknowledge",
  record: {
    campaignName: "Campaign1",
    devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
    callingList: "CallingList1",
    applicationId: 134,
    recordHandle: 12,
  },
};
