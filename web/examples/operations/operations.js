// One function for each operation of the Outbound API. `agent` is what all
// requests have: the applicationId and the devicePath.

/** Takes part in a campaign, and says in which state that is. */
export async function startPreviewing(client, agent, campaignName) {
  const { campaign } = await client.startPreviewSession({ ...agent, campaignName });
  return campaign.name;
}

/** Gets the next record to call; null once there is none. */
export function nextRecord(client, agent, campaignName) {
  return client.getPreviewRecord({ ...agent, campaignName });
}

/** Gets the other numbers of a contact. */
export async function otherNumbers(client, agent, { recordHandle, campaignName }) {
  const records = await client.getChainedRecords({ ...agent, recordHandle, campaignName });
  return records.map((record) => record.userData.GSW_PHONE);
}

/** Adds a number that was learned to those of a record's contact: a mobile, to be called at any time of day. */
export async function addNumber(client, agent, record, phoneNumber) {
  const { campaignName, callingList, userData } = record;
  const hours = { timeZone: "GMT", from: 0, until: 86_400 };
  await client.addRecord({
    ...agent,
    campaignName,
    callingList,
    phoneNumber,
    phoneType: "Mobile",
    ...hours,
    chainId: userData.GSW_CHAIN_ID,
    otherFields: { LearnedOn: new Date().toISOString() },
  });
}

/** Corrects the number of a record. */
export async function correctNumber(client, agent, { recordHandle, campaignName }, phoneNumber) {
  const change = { phoneNumber, phoneType: "Mobile" };
  await client.updateRecord({ ...agent, recordHandle, campaignName, ...change });
}

/** Is done with a record: the contact was spoken to. */
export async function complete(client, agent, { recordHandle, campaignName, callingList }) {
  const record = { recordHandle, campaignName, callingList };
  await client.completeRecord({ ...agent, ...record, callResult: "Answer" });
}

/** Calls again in an hour: this agent, no other. */
export async function callBackInAnHour(client, agent, { recordHandle, campaignName }) {
  const timestamp = new Date(Date.now() + 3_600_000);
  const when = { callbackType: "Personal", timestamp };
  await client.rescheduleRecord({ ...agent, recordHandle, campaignName, ...when });
}

/** Leaves a record to another agent. */
export async function leaveToOthers(client, agent, { recordHandle, campaignName, callingList }) {
  await client.rejectRecord({ ...agent, recordHandle, campaignName, callingList });
}

/** Has none of a contact's numbers called any more in this campaign. */
export async function cancelContact(client, agent, { recordHandle, campaignName, callingList }) {
  const record = { recordHandle, campaignName, callingList };
  await client.cancelRecord({ ...agent, ...record, chainAttribute: "AllChain" });
}

/** Has a contact never called again. */
export async function doNotCall(client, agent, { recordHandle, campaignName, callingList }) {
  await client.doNotCallRecord({ ...agent, recordHandle, campaignName, callingList });
}

/** Has a number never called again, whoever has it. */
export async function doNotCallNumber(client, agent, campaignName, phoneNumber) {
  await client.doNotCallRecord({ ...agent, campaignName, phoneNumber });
}

/** Leaves a campaign. */
export async function endPreviewing(client, agent, campaignName) {
  await client.endPreviewSession({ ...agent, campaignName });
}

/** Calls `show` with what the server sends unasked: about campaigns, and the records it pushes. */
export function watchCampaigns(client, show) {
  client.addEventListener("notification", ({ detail: { channel, data } }) => {
    if (channel !== "/v2/me/outbound") {
      return;
    }
    if (data.notificationType === "PreviewRecord") {
      show(`a record to preview: ${data.record.recordHandle}`);
    } else if (data.campaign) {
      show(`${data.campaign.name}: ${data.notificationType}`);
    }
  });
}
