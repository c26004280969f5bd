/** How much one request on /v1 may hold; the body itself may have 4 MiB. */

export const MAX_MESSAGES = 2_000;
/** Of the content of one message. */
export const MAX_PARTS = 2_000;
export const MAX_TOOLS = 128;
/** Of one message of the assistant. */
export const MAX_TOOL_CALLS = 128;
export const MAX_STOPS = 16;
/** Characters of one of them. */
export const MAX_STOP_CHARS = 1_000;
/** Characters of a tool's description. */
export const MAX_DESCRIPTION_CHARS = 16_384;
/** Objects and lists of a JSON Schema within each other. */
export const MAX_SCHEMA_DEPTH = 32;
/** Values of a JSON Schema, those of objects and lists within it included. */
export const MAX_SCHEMA_VALUES = 10_000;
/** Texts of one request for embeddings. */
export const MAX_EMBEDDED_TEXTS = 256;
/** Tokens of `/v1/completions` unless it says otherwise, as OpenAI has it. */
export const DEFAULT_COMPLETION_TOKENS = 16;
