/** What drivers and tools know the lake as; SQL takes it before a schema. */
export const CATALOG = 'sterna'
/** The schema of datasets that name none. */
export const DEFAULT_SCHEMA = 'main'
/** What a dataset is, and what a query with a name. */
export const TABLE_TYPE = 'TABLE'
export const VIEW_TYPE = 'VIEW'
