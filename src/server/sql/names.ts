/** What drivers and tools know the lake as; SQL takes it before a schema. */
export const CATALOG = 'sterna'
/** The schema of datasets that name none. */
export const DEFAULT_SCHEMA = 'main'
/** Every dataset is one. */
export const TABLE_TYPE = 'TABLE'
