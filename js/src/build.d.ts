/** Tells builds of this package apart, the module included. Put there by build.mjs. */
declare const GWS_OUTBOUND_BUILD: string;
