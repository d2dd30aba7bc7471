/** Put there by build.mjs. */
declare const GWS_OUTBOUND_BUILD: string;

/** Tells builds of this package apart, the module included. */
export const build = GWS_OUTBOUND_BUILD;
