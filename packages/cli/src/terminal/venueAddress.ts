/** Where commands look for a venue unless told otherwise: the default of the configuration. */
export const DEFAULT_URL = 'http://127.0.0.1:8547';

/** Where a venue keeps its files unless told otherwise: the default of the configuration. */
export const DEFAULT_DATA_DIR = '.lawbook';

/** Names another venue for every command; it belongs to the commands, not to the configuration. */
export const URL_VARIABLE = 'LAWBOOK_URL';
