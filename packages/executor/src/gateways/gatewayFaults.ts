/** Every fault of the gateways with what it means; the page of errors is derived from this. */
export const GATEWAY_FAULTS = {
  GATEWAY_PAGE_UNBUILT: 'The page for people could not be built; the API is not affected.',
  GATEWAY_PORT_TAKEN: 'Nothing can listen on the configured host and port.',
  GATEWAY_TLS_UNREADABLE: 'The configured certificate or key file cannot be read.',
} as const;
