//go:build !js

package gwssim

import (
	"fmt"
	"time"
)

// What unsolicited events say of themselves.
const (
	recordMessage   = "OutboundRecordMessage"
	campaignMessage = "OutboundCampaignMessage"
	previewRecord   = "PreviewRecord"
)

// SetCampaign unloads, loads or starts a campaign, or stops one that is started
// (by CampaignLoaded), and tells everybody. Preview sessions of one that is not started
// are over; agents keep the records that they have. The error says that there
// is no such campaign or status.
func (s *Sim) SetCampaign(name string, status CampaignStatus) error {
	s.mu.Lock()
	defer s.unlock()
	c := s.world.campaign(name)
	if c == nil {
		return fmt.Errorf("campaignName: there is no campaign %q", name)
	}
	notification := map[CampaignStatus]string{
		CampaignUnloaded: "CampaignUnloaded",
		CampaignLoaded:   "CampaignLoaded",
		CampaignStarted:  "CampaignStarted",
	}[status]
	if notification == "" {
		return fmt.Errorf("status: %q is none of %s, %s and %s", status, CampaignUnloaded, CampaignLoaded, CampaignStarted)
	}
	if status == c.status {
		return nil
	}
	if status == CampaignLoaded && c.status == CampaignStarted {
		notification = "CampaignStopped"
	}
	c.status = status
	if status != CampaignStarted {
		clear(c.previews)
	}
	s.publish("", "", newEvent(outboundChannel, notice{
		"messageType": campaignMessage, "notificationType": notification, "campaign": c.data(""),
	}))
	return nil
}

// Push hands a user the next record of a campaign that they have a preview
// session of, unasked, and returns its handle. The error says that there is no
// such campaign, session or record.
func (s *Sim) Push(user, campaignName string) (recordHandle int64, err error) {
	s.mu.Lock()
	defer s.unlock()
	c := s.world.campaign(campaignName)
	if c == nil {
		return 0, fmt.Errorf("campaignName: there is no campaign %q", campaignName)
	}
	devicePath, started := c.previews[user]
	if !started {
		return 0, fmt.Errorf("user: %q has no preview session of the campaign %s", user, c.name)
	}
	r := c.next(user, time.Now())
	if r == nil {
		return 0, fmt.Errorf("campaignName: the campaign %s has no record for %q", c.name, user)
	}
	s.world.handOut(r, user)
	r.note("push", user, "", "handed out")
	s.publish(user, "", newEvent(outboundChannel, notice{
		"messageType": recordMessage, "notificationType": previewRecord, "record": r.preview(devicePath, previewRecord),
	}))
	return r.handle, nil
}
