// Made by scripts/generate-messages.ts from flight/proto/; do not edit.

/** google.protobuf.Timestamp */
export interface Timestamp {
  seconds: number
  nanos: number
}

/** google.protobuf.Any */
export interface Any {
  typeUrl: string
  value: Uint8Array
}

/** arrow.flight.protocol.HandshakeRequest */
export interface HandshakeRequest {
  protocolVersion: number
  payload: Uint8Array
}

/** arrow.flight.protocol.HandshakeResponse */
export interface HandshakeResponse {
  protocolVersion: number
  payload: Uint8Array
}

/** arrow.flight.protocol.BasicAuth */
export interface BasicAuth {
  username: string
  password: string
}

/** arrow.flight.protocol.Empty */
export type Empty = Record<string, never>

/** arrow.flight.protocol.ActionType */
export interface ActionType {
  type: string
  description: string
}

/** arrow.flight.protocol.Criteria */
export interface Criteria {
  expression: Uint8Array
}

/** arrow.flight.protocol.Action */
export interface Action {
  type: string
  body: Uint8Array
}

/** arrow.flight.protocol.Result */
export interface Result {
  body: Uint8Array
}

/** arrow.flight.protocol.SchemaResult */
export interface SchemaResult {
  schema: Uint8Array
}

/** arrow.flight.protocol.FlightDescriptor */
export interface FlightDescriptor {
  type: number
  cmd: Uint8Array
  path: string[]
}

/** arrow.flight.protocol.FlightInfo */
export interface FlightInfo {
  schema: Uint8Array
  flightDescriptor: FlightDescriptor | null
  endpoint: FlightEndpoint[]
  totalRecords: number
  totalBytes: number
  ordered: boolean
  appMetadata: Uint8Array
}

/** arrow.flight.protocol.PollInfo */
export interface PollInfo {
  info: FlightInfo | null
  flightDescriptor: FlightDescriptor | null
  progress: number | null
  expirationTime: Timestamp | null
}

/** arrow.flight.protocol.CancelFlightInfoRequest */
export interface CancelFlightInfoRequest {
  info: FlightInfo | null
}

/** arrow.flight.protocol.CancelFlightInfoResult */
export interface CancelFlightInfoResult {
  status: number
}

/** arrow.flight.protocol.Ticket */
export interface Ticket {
  ticket: Uint8Array
}

/** arrow.flight.protocol.Location */
export interface Location {
  uri: string
}

/** arrow.flight.protocol.FlightEndpoint */
export interface FlightEndpoint {
  ticket: Ticket | null
  location: Location[]
  expirationTime: Timestamp | null
  appMetadata: Uint8Array
}

/** arrow.flight.protocol.RenewFlightEndpointRequest */
export interface RenewFlightEndpointRequest {
  endpoint: FlightEndpoint | null
}

/** arrow.flight.protocol.FlightData */
export interface FlightData {
  flightDescriptor: FlightDescriptor | null
  dataHeader: Uint8Array
  appMetadata: Uint8Array
  dataBody: Uint8Array
}

/** arrow.flight.protocol.PutResult */
export interface PutResult {
  appMetadata: Uint8Array
}

/** arrow.flight.protocol.SessionOptionValue */
export interface SessionOptionValue {
  stringValue: string | null
  boolValue: boolean | null
  int64Value: bigint | null
  doubleValue: number | null
  stringListValue: StringListValue | null
}

/** arrow.flight.protocol.SessionOptionValue.StringListValue */
export interface StringListValue {
  values: string[]
}

/** arrow.flight.protocol.SetSessionOptionsRequest */
export interface SetSessionOptionsRequest {
  sessionOptions: Map<string, SessionOptionValue>
}

/** arrow.flight.protocol.SetSessionOptionsResult */
export interface SetSessionOptionsResult {
  errors: Map<string, SetSessionOptionsResultError>
}

/** arrow.flight.protocol.SetSessionOptionsResult.Error */
export interface SetSessionOptionsResultError {
  value: number
}

/** arrow.flight.protocol.GetSessionOptionsRequest */
export type GetSessionOptionsRequest = Record<string, never>

/** arrow.flight.protocol.GetSessionOptionsResult */
export interface GetSessionOptionsResult {
  sessionOptions: Map<string, SessionOptionValue>
}

/** arrow.flight.protocol.CloseSessionRequest */
export type CloseSessionRequest = Record<string, never>

/** arrow.flight.protocol.CloseSessionResult */
export interface CloseSessionResult {
  status: number
}

/** arrow.flight.protocol.sql.CommandGetSqlInfo */
export interface CommandGetSqlInfo {
  info: number[]
}

/** arrow.flight.protocol.sql.CommandGetXdbcTypeInfo */
export interface CommandGetXdbcTypeInfo {
  dataType: number | null
}

/** arrow.flight.protocol.sql.CommandGetCatalogs */
export type CommandGetCatalogs = Record<string, never>

/** arrow.flight.protocol.sql.CommandGetDbSchemas */
export interface CommandGetDbSchemas {
  catalog: string | null
  dbSchemaFilterPattern: string | null
}

/** arrow.flight.protocol.sql.CommandGetTables */
export interface CommandGetTables {
  catalog: string | null
  dbSchemaFilterPattern: string | null
  tableNameFilterPattern: string | null
  tableTypes: string[]
  includeSchema: boolean
}

/** arrow.flight.protocol.sql.CommandGetTableTypes */
export type CommandGetTableTypes = Record<string, never>

/** arrow.flight.protocol.sql.CommandGetPrimaryKeys */
export interface CommandGetPrimaryKeys {
  catalog: string | null
  dbSchema: string | null
  table: string
}

/** arrow.flight.protocol.sql.CommandGetExportedKeys */
export interface CommandGetExportedKeys {
  catalog: string | null
  dbSchema: string | null
  table: string
}

/** arrow.flight.protocol.sql.CommandGetImportedKeys */
export interface CommandGetImportedKeys {
  catalog: string | null
  dbSchema: string | null
  table: string
}

/** arrow.flight.protocol.sql.CommandGetCrossReference */
export interface CommandGetCrossReference {
  pkCatalog: string | null
  pkDbSchema: string | null
  pkTable: string
  fkCatalog: string | null
  fkDbSchema: string | null
  fkTable: string
}

/** arrow.flight.protocol.sql.ActionCreatePreparedStatementRequest */
export interface ActionCreatePreparedStatementRequest {
  query: string
  transactionId: Uint8Array | null
}

/** arrow.flight.protocol.sql.SubstraitPlan */
export interface SubstraitPlan {
  plan: Uint8Array
  version: string
}

/** arrow.flight.protocol.sql.ActionCreatePreparedSubstraitPlanRequest */
export interface ActionCreatePreparedSubstraitPlanRequest {
  plan: SubstraitPlan | null
  transactionId: Uint8Array | null
}

/** arrow.flight.protocol.sql.ActionCreatePreparedStatementResult */
export interface ActionCreatePreparedStatementResult {
  preparedStatementHandle: Uint8Array
  datasetSchema: Uint8Array
  parameterSchema: Uint8Array
  isUpdate: boolean | null
}

/** arrow.flight.protocol.sql.ActionClosePreparedStatementRequest */
export interface ActionClosePreparedStatementRequest {
  preparedStatementHandle: Uint8Array
}

/** arrow.flight.protocol.sql.ActionBeginTransactionRequest */
export type ActionBeginTransactionRequest = Record<string, never>

/** arrow.flight.protocol.sql.ActionBeginSavepointRequest */
export interface ActionBeginSavepointRequest {
  transactionId: Uint8Array
  name: string
}

/** arrow.flight.protocol.sql.ActionBeginTransactionResult */
export interface ActionBeginTransactionResult {
  transactionId: Uint8Array
}

/** arrow.flight.protocol.sql.ActionBeginSavepointResult */
export interface ActionBeginSavepointResult {
  savepointId: Uint8Array
}

/** arrow.flight.protocol.sql.ActionEndTransactionRequest */
export interface ActionEndTransactionRequest {
  transactionId: Uint8Array
  action: number
}

/** arrow.flight.protocol.sql.ActionEndSavepointRequest */
export interface ActionEndSavepointRequest {
  savepointId: Uint8Array
  action: number
}

/** arrow.flight.protocol.sql.CommandStatementQuery */
export interface CommandStatementQuery {
  query: string
  transactionId: Uint8Array | null
}

/** arrow.flight.protocol.sql.CommandStatementSubstraitPlan */
export interface CommandStatementSubstraitPlan {
  plan: SubstraitPlan | null
  transactionId: Uint8Array | null
}

/** arrow.flight.protocol.sql.TicketStatementQuery */
export interface TicketStatementQuery {
  statementHandle: Uint8Array
}

/** arrow.flight.protocol.sql.CommandPreparedStatementQuery */
export interface CommandPreparedStatementQuery {
  preparedStatementHandle: Uint8Array
}

/** arrow.flight.protocol.sql.CommandStatementUpdate */
export interface CommandStatementUpdate {
  query: string
  transactionId: Uint8Array | null
}

/** arrow.flight.protocol.sql.CommandPreparedStatementUpdate */
export interface CommandPreparedStatementUpdate {
  preparedStatementHandle: Uint8Array
}

/** arrow.flight.protocol.sql.CommandStatementIngest */
export interface CommandStatementIngest {
  tableDefinitionOptions: TableDefinitionOptions | null
  table: string
  schema: string | null
  catalog: string | null
  temporary: boolean
  transactionId: Uint8Array | null
  options: Map<string, string>
}

/** arrow.flight.protocol.sql.CommandStatementIngest.TableDefinitionOptions */
export interface TableDefinitionOptions {
  ifNotExist: number
  ifExists: number
}

/** arrow.flight.protocol.sql.DoPutUpdateResult */
export interface DoPutUpdateResult {
  recordCount: number
}

/** arrow.flight.protocol.sql.DoPutPreparedStatementResult */
export interface DoPutPreparedStatementResult {
  preparedStatementHandle: Uint8Array | null
}

/** arrow.flight.protocol.sql.ActionCancelQueryRequest */
export interface ActionCancelQueryRequest {
  info: Uint8Array
}

/** arrow.flight.protocol.sql.ActionCancelQueryResult */
export interface ActionCancelQueryResult {
  result: number
}

/** Every message by its name here. */
export interface MessageMap {
  Timestamp: Timestamp
  Any: Any
  HandshakeRequest: HandshakeRequest
  HandshakeResponse: HandshakeResponse
  BasicAuth: BasicAuth
  Empty: Empty
  ActionType: ActionType
  Criteria: Criteria
  Action: Action
  Result: Result
  SchemaResult: SchemaResult
  FlightDescriptor: FlightDescriptor
  FlightInfo: FlightInfo
  PollInfo: PollInfo
  CancelFlightInfoRequest: CancelFlightInfoRequest
  CancelFlightInfoResult: CancelFlightInfoResult
  Ticket: Ticket
  Location: Location
  FlightEndpoint: FlightEndpoint
  RenewFlightEndpointRequest: RenewFlightEndpointRequest
  FlightData: FlightData
  PutResult: PutResult
  SessionOptionValue: SessionOptionValue
  StringListValue: StringListValue
  SetSessionOptionsRequest: SetSessionOptionsRequest
  SetSessionOptionsResult: SetSessionOptionsResult
  SetSessionOptionsResultError: SetSessionOptionsResultError
  GetSessionOptionsRequest: GetSessionOptionsRequest
  GetSessionOptionsResult: GetSessionOptionsResult
  CloseSessionRequest: CloseSessionRequest
  CloseSessionResult: CloseSessionResult
  CommandGetSqlInfo: CommandGetSqlInfo
  CommandGetXdbcTypeInfo: CommandGetXdbcTypeInfo
  CommandGetCatalogs: CommandGetCatalogs
  CommandGetDbSchemas: CommandGetDbSchemas
  CommandGetTables: CommandGetTables
  CommandGetTableTypes: CommandGetTableTypes
  CommandGetPrimaryKeys: CommandGetPrimaryKeys
  CommandGetExportedKeys: CommandGetExportedKeys
  CommandGetImportedKeys: CommandGetImportedKeys
  CommandGetCrossReference: CommandGetCrossReference
  ActionCreatePreparedStatementRequest: ActionCreatePreparedStatementRequest
  SubstraitPlan: SubstraitPlan
  ActionCreatePreparedSubstraitPlanRequest: ActionCreatePreparedSubstraitPlanRequest
  ActionCreatePreparedStatementResult: ActionCreatePreparedStatementResult
  ActionClosePreparedStatementRequest: ActionClosePreparedStatementRequest
  ActionBeginTransactionRequest: ActionBeginTransactionRequest
  ActionBeginSavepointRequest: ActionBeginSavepointRequest
  ActionBeginTransactionResult: ActionBeginTransactionResult
  ActionBeginSavepointResult: ActionBeginSavepointResult
  ActionEndTransactionRequest: ActionEndTransactionRequest
  ActionEndSavepointRequest: ActionEndSavepointRequest
  CommandStatementQuery: CommandStatementQuery
  CommandStatementSubstraitPlan: CommandStatementSubstraitPlan
  TicketStatementQuery: TicketStatementQuery
  CommandPreparedStatementQuery: CommandPreparedStatementQuery
  CommandStatementUpdate: CommandStatementUpdate
  CommandPreparedStatementUpdate: CommandPreparedStatementUpdate
  CommandStatementIngest: CommandStatementIngest
  TableDefinitionOptions: TableDefinitionOptions
  DoPutUpdateResult: DoPutUpdateResult
  DoPutPreparedStatementResult: DoPutPreparedStatementResult
  ActionCancelQueryRequest: ActionCancelQueryRequest
  ActionCancelQueryResult: ActionCancelQueryResult
}

/** The full protobuf name of every message. */
export const MESSAGE_NAMES = {
  Timestamp: 'google.protobuf.Timestamp',
  Any: 'google.protobuf.Any',
  HandshakeRequest: 'arrow.flight.protocol.HandshakeRequest',
  HandshakeResponse: 'arrow.flight.protocol.HandshakeResponse',
  BasicAuth: 'arrow.flight.protocol.BasicAuth',
  Empty: 'arrow.flight.protocol.Empty',
  ActionType: 'arrow.flight.protocol.ActionType',
  Criteria: 'arrow.flight.protocol.Criteria',
  Action: 'arrow.flight.protocol.Action',
  Result: 'arrow.flight.protocol.Result',
  SchemaResult: 'arrow.flight.protocol.SchemaResult',
  FlightDescriptor: 'arrow.flight.protocol.FlightDescriptor',
  FlightInfo: 'arrow.flight.protocol.FlightInfo',
  PollInfo: 'arrow.flight.protocol.PollInfo',
  CancelFlightInfoRequest: 'arrow.flight.protocol.CancelFlightInfoRequest',
  CancelFlightInfoResult: 'arrow.flight.protocol.CancelFlightInfoResult',
  Ticket: 'arrow.flight.protocol.Ticket',
  Location: 'arrow.flight.protocol.Location',
  FlightEndpoint: 'arrow.flight.protocol.FlightEndpoint',
  RenewFlightEndpointRequest: 'arrow.flight.protocol.RenewFlightEndpointRequest',
  FlightData: 'arrow.flight.protocol.FlightData',
  PutResult: 'arrow.flight.protocol.PutResult',
  SessionOptionValue: 'arrow.flight.protocol.SessionOptionValue',
  StringListValue: 'arrow.flight.protocol.SessionOptionValue.StringListValue',
  SetSessionOptionsRequest: 'arrow.flight.protocol.SetSessionOptionsRequest',
  SetSessionOptionsResult: 'arrow.flight.protocol.SetSessionOptionsResult',
  SetSessionOptionsResultError: 'arrow.flight.protocol.SetSessionOptionsResult.Error',
  GetSessionOptionsRequest: 'arrow.flight.protocol.GetSessionOptionsRequest',
  GetSessionOptionsResult: 'arrow.flight.protocol.GetSessionOptionsResult',
  CloseSessionRequest: 'arrow.flight.protocol.CloseSessionRequest',
  CloseSessionResult: 'arrow.flight.protocol.CloseSessionResult',
  CommandGetSqlInfo: 'arrow.flight.protocol.sql.CommandGetSqlInfo',
  CommandGetXdbcTypeInfo: 'arrow.flight.protocol.sql.CommandGetXdbcTypeInfo',
  CommandGetCatalogs: 'arrow.flight.protocol.sql.CommandGetCatalogs',
  CommandGetDbSchemas: 'arrow.flight.protocol.sql.CommandGetDbSchemas',
  CommandGetTables: 'arrow.flight.protocol.sql.CommandGetTables',
  CommandGetTableTypes: 'arrow.flight.protocol.sql.CommandGetTableTypes',
  CommandGetPrimaryKeys: 'arrow.flight.protocol.sql.CommandGetPrimaryKeys',
  CommandGetExportedKeys: 'arrow.flight.protocol.sql.CommandGetExportedKeys',
  CommandGetImportedKeys: 'arrow.flight.protocol.sql.CommandGetImportedKeys',
  CommandGetCrossReference: 'arrow.flight.protocol.sql.CommandGetCrossReference',
  ActionCreatePreparedStatementRequest: 'arrow.flight.protocol.sql.ActionCreatePreparedStatementRequest',
  SubstraitPlan: 'arrow.flight.protocol.sql.SubstraitPlan',
  ActionCreatePreparedSubstraitPlanRequest:
    'arrow.flight.protocol.sql.ActionCreatePreparedSubstraitPlanRequest',
  ActionCreatePreparedStatementResult: 'arrow.flight.protocol.sql.ActionCreatePreparedStatementResult',
  ActionClosePreparedStatementRequest: 'arrow.flight.protocol.sql.ActionClosePreparedStatementRequest',
  ActionBeginTransactionRequest: 'arrow.flight.protocol.sql.ActionBeginTransactionRequest',
  ActionBeginSavepointRequest: 'arrow.flight.protocol.sql.ActionBeginSavepointRequest',
  ActionBeginTransactionResult: 'arrow.flight.protocol.sql.ActionBeginTransactionResult',
  ActionBeginSavepointResult: 'arrow.flight.protocol.sql.ActionBeginSavepointResult',
  ActionEndTransactionRequest: 'arrow.flight.protocol.sql.ActionEndTransactionRequest',
  ActionEndSavepointRequest: 'arrow.flight.protocol.sql.ActionEndSavepointRequest',
  CommandStatementQuery: 'arrow.flight.protocol.sql.CommandStatementQuery',
  CommandStatementSubstraitPlan: 'arrow.flight.protocol.sql.CommandStatementSubstraitPlan',
  TicketStatementQuery: 'arrow.flight.protocol.sql.TicketStatementQuery',
  CommandPreparedStatementQuery: 'arrow.flight.protocol.sql.CommandPreparedStatementQuery',
  CommandStatementUpdate: 'arrow.flight.protocol.sql.CommandStatementUpdate',
  CommandPreparedStatementUpdate: 'arrow.flight.protocol.sql.CommandPreparedStatementUpdate',
  CommandStatementIngest: 'arrow.flight.protocol.sql.CommandStatementIngest',
  TableDefinitionOptions: 'arrow.flight.protocol.sql.CommandStatementIngest.TableDefinitionOptions',
  DoPutUpdateResult: 'arrow.flight.protocol.sql.DoPutUpdateResult',
  DoPutPreparedStatementResult: 'arrow.flight.protocol.sql.DoPutPreparedStatementResult',
  ActionCancelQueryRequest: 'arrow.flight.protocol.sql.ActionCancelQueryRequest',
  ActionCancelQueryResult: 'arrow.flight.protocol.sql.ActionCancelQueryResult',
} as const
