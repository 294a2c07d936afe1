// Made by scripts/generate-messages.ts from flight/proto/; do not edit.

/** The messages of flight/proto/ as protobufjs reads them. */
export const descriptors = {
  nested: {
    google: {
      nested: {
        protobuf: {
          nested: {
            Timestamp: {
              fields: {
                seconds: {
                  type: 'int64',
                  id: 1,
                },
                nanos: {
                  type: 'int32',
                  id: 2,
                },
              },
            },
            Any: {
              fields: {
                typeUrl: {
                  type: 'string',
                  id: 1,
                  protoName: 'type_url',
                },
                value: {
                  type: 'bytes',
                  id: 2,
                },
              },
            },
          },
        },
      },
    },
    arrow: {
      nested: {
        flight: {
          nested: {
            protocol: {
              nested: {
                FlightService: {
                  methods: {
                    Handshake: {
                      requestType: 'HandshakeRequest',
                      requestStream: true,
                      responseType: 'HandshakeResponse',
                      responseStream: true,
                    },
                    ListFlights: {
                      requestType: 'Criteria',
                      responseType: 'FlightInfo',
                      responseStream: true,
                    },
                    GetFlightInfo: {
                      requestType: 'FlightDescriptor',
                      responseType: 'FlightInfo',
                    },
                    PollFlightInfo: {
                      requestType: 'FlightDescriptor',
                      responseType: 'PollInfo',
                    },
                    GetSchema: {
                      requestType: 'FlightDescriptor',
                      responseType: 'SchemaResult',
                    },
                    DoGet: {
                      requestType: 'Ticket',
                      responseType: 'FlightData',
                      responseStream: true,
                    },
                    DoPut: {
                      requestType: 'FlightData',
                      requestStream: true,
                      responseType: 'PutResult',
                      responseStream: true,
                    },
                    DoExchange: {
                      requestType: 'FlightData',
                      requestStream: true,
                      responseType: 'FlightData',
                      responseStream: true,
                    },
                    DoAction: {
                      requestType: 'Action',
                      responseType: 'Result',
                      responseStream: true,
                    },
                    ListActions: {
                      requestType: 'Empty',
                      responseType: 'ActionType',
                      responseStream: true,
                    },
                  },
                },
                HandshakeRequest: {
                  fields: {
                    protocolVersion: {
                      type: 'uint64',
                      id: 1,
                      protoName: 'protocol_version',
                    },
                    payload: {
                      type: 'bytes',
                      id: 2,
                    },
                  },
                },
                HandshakeResponse: {
                  fields: {
                    protocolVersion: {
                      type: 'uint64',
                      id: 1,
                      protoName: 'protocol_version',
                    },
                    payload: {
                      type: 'bytes',
                      id: 2,
                    },
                  },
                },
                BasicAuth: {
                  fields: {
                    username: {
                      type: 'string',
                      id: 2,
                    },
                    password: {
                      type: 'string',
                      id: 3,
                    },
                  },
                },
                Empty: {
                  fields: {},
                },
                ActionType: {
                  fields: {
                    type: {
                      type: 'string',
                      id: 1,
                    },
                    description: {
                      type: 'string',
                      id: 2,
                    },
                  },
                },
                Criteria: {
                  fields: {
                    expression: {
                      type: 'bytes',
                      id: 1,
                    },
                  },
                },
                Action: {
                  fields: {
                    type: {
                      type: 'string',
                      id: 1,
                    },
                    body: {
                      type: 'bytes',
                      id: 2,
                    },
                  },
                },
                Result: {
                  fields: {
                    body: {
                      type: 'bytes',
                      id: 1,
                    },
                  },
                },
                SchemaResult: {
                  fields: {
                    schema: {
                      type: 'bytes',
                      id: 1,
                    },
                  },
                },
                FlightDescriptor: {
                  fields: {
                    type: {
                      type: 'DescriptorType',
                      id: 1,
                    },
                    cmd: {
                      type: 'bytes',
                      id: 2,
                    },
                    path: {
                      rule: 'repeated',
                      type: 'string',
                      id: 3,
                    },
                  },
                  nested: {
                    DescriptorType: {
                      values: {
                        UNKNOWN: 0,
                        PATH: 1,
                        CMD: 2,
                      },
                    },
                  },
                },
                FlightInfo: {
                  fields: {
                    schema: {
                      type: 'bytes',
                      id: 1,
                    },
                    flightDescriptor: {
                      type: 'FlightDescriptor',
                      id: 2,
                      protoName: 'flight_descriptor',
                    },
                    endpoint: {
                      rule: 'repeated',
                      type: 'FlightEndpoint',
                      id: 3,
                    },
                    totalRecords: {
                      type: 'int64',
                      id: 4,
                      protoName: 'total_records',
                    },
                    totalBytes: {
                      type: 'int64',
                      id: 5,
                      protoName: 'total_bytes',
                    },
                    ordered: {
                      type: 'bool',
                      id: 6,
                    },
                    appMetadata: {
                      type: 'bytes',
                      id: 7,
                      protoName: 'app_metadata',
                    },
                  },
                },
                PollInfo: {
                  oneofs: {
                    _progress: {
                      oneof: ['progress'],
                    },
                  },
                  fields: {
                    info: {
                      type: 'FlightInfo',
                      id: 1,
                    },
                    flightDescriptor: {
                      type: 'FlightDescriptor',
                      id: 2,
                      protoName: 'flight_descriptor',
                    },
                    progress: {
                      type: 'double',
                      id: 3,
                      options: {
                        proto3_optional: true,
                      },
                    },
                    expirationTime: {
                      type: 'google.protobuf.Timestamp',
                      id: 4,
                      protoName: 'expiration_time',
                    },
                  },
                },
                CancelFlightInfoRequest: {
                  fields: {
                    info: {
                      type: 'FlightInfo',
                      id: 1,
                    },
                  },
                },
                CancelStatus: {
                  values: {
                    CANCEL_STATUS_UNSPECIFIED: 0,
                    CANCEL_STATUS_CANCELLED: 1,
                    CANCEL_STATUS_CANCELLING: 2,
                    CANCEL_STATUS_NOT_CANCELLABLE: 3,
                  },
                },
                CancelFlightInfoResult: {
                  fields: {
                    status: {
                      type: 'CancelStatus',
                      id: 1,
                    },
                  },
                },
                Ticket: {
                  fields: {
                    ticket: {
                      type: 'bytes',
                      id: 1,
                    },
                  },
                },
                Location: {
                  fields: {
                    uri: {
                      type: 'string',
                      id: 1,
                    },
                  },
                },
                FlightEndpoint: {
                  fields: {
                    ticket: {
                      type: 'Ticket',
                      id: 1,
                    },
                    location: {
                      rule: 'repeated',
                      type: 'Location',
                      id: 2,
                    },
                    expirationTime: {
                      type: 'google.protobuf.Timestamp',
                      id: 3,
                      protoName: 'expiration_time',
                    },
                    appMetadata: {
                      type: 'bytes',
                      id: 4,
                      protoName: 'app_metadata',
                    },
                  },
                },
                RenewFlightEndpointRequest: {
                  fields: {
                    endpoint: {
                      type: 'FlightEndpoint',
                      id: 1,
                    },
                  },
                },
                FlightData: {
                  fields: {
                    flightDescriptor: {
                      type: 'FlightDescriptor',
                      id: 1,
                      protoName: 'flight_descriptor',
                    },
                    dataHeader: {
                      type: 'bytes',
                      id: 2,
                      protoName: 'data_header',
                    },
                    appMetadata: {
                      type: 'bytes',
                      id: 3,
                      protoName: 'app_metadata',
                    },
                    dataBody: {
                      type: 'bytes',
                      id: 1000,
                      protoName: 'data_body',
                    },
                  },
                },
                PutResult: {
                  fields: {
                    appMetadata: {
                      type: 'bytes',
                      id: 1,
                      protoName: 'app_metadata',
                    },
                  },
                },
                SessionOptionValue: {
                  oneofs: {
                    optionValue: {
                      oneof: ['stringValue', 'boolValue', 'int64Value', 'doubleValue', 'stringListValue'],
                    },
                  },
                  fields: {
                    stringValue: {
                      type: 'string',
                      id: 1,
                      protoName: 'string_value',
                    },
                    boolValue: {
                      type: 'bool',
                      id: 2,
                      protoName: 'bool_value',
                    },
                    int64Value: {
                      type: 'sfixed64',
                      id: 3,
                      protoName: 'int64_value',
                    },
                    doubleValue: {
                      type: 'double',
                      id: 4,
                      protoName: 'double_value',
                    },
                    stringListValue: {
                      type: 'StringListValue',
                      id: 5,
                      protoName: 'string_list_value',
                    },
                  },
                  nested: {
                    StringListValue: {
                      fields: {
                        values: {
                          rule: 'repeated',
                          type: 'string',
                          id: 1,
                        },
                      },
                    },
                  },
                },
                SetSessionOptionsRequest: {
                  fields: {
                    sessionOptions: {
                      keyType: 'string',
                      type: 'SessionOptionValue',
                      id: 1,
                      protoName: 'session_options',
                    },
                  },
                },
                SetSessionOptionsResult: {
                  fields: {
                    errors: {
                      keyType: 'string',
                      type: 'Error',
                      id: 1,
                    },
                  },
                  nested: {
                    ErrorValue: {
                      values: {
                        UNSPECIFIED: 0,
                        INVALID_NAME: 1,
                        INVALID_VALUE: 2,
                        ERROR: 3,
                      },
                    },
                    Error: {
                      fields: {
                        value: {
                          type: 'ErrorValue',
                          id: 1,
                        },
                      },
                    },
                  },
                },
                GetSessionOptionsRequest: {
                  fields: {},
                },
                GetSessionOptionsResult: {
                  fields: {
                    sessionOptions: {
                      keyType: 'string',
                      type: 'SessionOptionValue',
                      id: 1,
                      protoName: 'session_options',
                    },
                  },
                },
                CloseSessionRequest: {
                  fields: {},
                },
                CloseSessionResult: {
                  fields: {
                    status: {
                      type: 'Status',
                      id: 1,
                    },
                  },
                  nested: {
                    Status: {
                      values: {
                        UNSPECIFIED: 0,
                        CLOSED: 1,
                        CLOSING: 2,
                        NOT_CLOSEABLE: 3,
                      },
                    },
                  },
                },
                sql: {
                  nested: {
                    CommandGetSqlInfo: {
                      fields: {
                        info: {
                          rule: 'repeated',
                          type: 'uint32',
                          id: 1,
                        },
                      },
                    },
                    SqlInfo: {
                      values: {
                        FLIGHT_SQL_SERVER_NAME: 0,
                        FLIGHT_SQL_SERVER_VERSION: 1,
                        FLIGHT_SQL_SERVER_ARROW_VERSION: 2,
                        FLIGHT_SQL_SERVER_READ_ONLY: 3,
                        FLIGHT_SQL_SERVER_SQL: 4,
                        FLIGHT_SQL_SERVER_SUBSTRAIT: 5,
                        FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION: 6,
                        FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION: 7,
                        FLIGHT_SQL_SERVER_TRANSACTION: 8,
                        FLIGHT_SQL_SERVER_CANCEL: 9,
                        FLIGHT_SQL_SERVER_BULK_INGESTION: 10,
                        FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED: 11,
                        FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT: 100,
                        FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT: 101,
                        SQL_DDL_CATALOG: 500,
                        SQL_DDL_SCHEMA: 501,
                        SQL_DDL_TABLE: 502,
                        SQL_IDENTIFIER_CASE: 503,
                        SQL_IDENTIFIER_QUOTE_CHAR: 504,
                        SQL_QUOTED_IDENTIFIER_CASE: 505,
                        SQL_ALL_TABLES_ARE_SELECTABLE: 506,
                        SQL_NULL_ORDERING: 507,
                        SQL_KEYWORDS: 508,
                        SQL_NUMERIC_FUNCTIONS: 509,
                        SQL_STRING_FUNCTIONS: 510,
                        SQL_SYSTEM_FUNCTIONS: 511,
                        SQL_DATETIME_FUNCTIONS: 512,
                        SQL_SEARCH_STRING_ESCAPE: 513,
                        SQL_EXTRA_NAME_CHARACTERS: 514,
                        SQL_SUPPORTS_COLUMN_ALIASING: 515,
                        SQL_NULL_PLUS_NULL_IS_NULL: 516,
                        SQL_SUPPORTS_CONVERT: 517,
                        SQL_SUPPORTS_TABLE_CORRELATION_NAMES: 518,
                        SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES: 519,
                        SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY: 520,
                        SQL_SUPPORTS_ORDER_BY_UNRELATED: 521,
                        SQL_SUPPORTED_GROUP_BY: 522,
                        SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE: 523,
                        SQL_SUPPORTS_NON_NULLABLE_COLUMNS: 524,
                        SQL_SUPPORTED_GRAMMAR: 525,
                        SQL_ANSI92_SUPPORTED_LEVEL: 526,
                        SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY: 527,
                        SQL_OUTER_JOINS_SUPPORT_LEVEL: 528,
                        SQL_SCHEMA_TERM: 529,
                        SQL_PROCEDURE_TERM: 530,
                        SQL_CATALOG_TERM: 531,
                        SQL_CATALOG_AT_START: 532,
                        SQL_SCHEMAS_SUPPORTED_ACTIONS: 533,
                        SQL_CATALOGS_SUPPORTED_ACTIONS: 534,
                        SQL_SUPPORTED_POSITIONED_COMMANDS: 535,
                        SQL_SELECT_FOR_UPDATE_SUPPORTED: 536,
                        SQL_STORED_PROCEDURES_SUPPORTED: 537,
                        SQL_SUPPORTED_SUBQUERIES: 538,
                        SQL_CORRELATED_SUBQUERIES_SUPPORTED: 539,
                        SQL_SUPPORTED_UNIONS: 540,
                        SQL_MAX_BINARY_LITERAL_LENGTH: 541,
                        SQL_MAX_CHAR_LITERAL_LENGTH: 542,
                        SQL_MAX_COLUMN_NAME_LENGTH: 543,
                        SQL_MAX_COLUMNS_IN_GROUP_BY: 544,
                        SQL_MAX_COLUMNS_IN_INDEX: 545,
                        SQL_MAX_COLUMNS_IN_ORDER_BY: 546,
                        SQL_MAX_COLUMNS_IN_SELECT: 547,
                        SQL_MAX_COLUMNS_IN_TABLE: 548,
                        SQL_MAX_CONNECTIONS: 549,
                        SQL_MAX_CURSOR_NAME_LENGTH: 550,
                        SQL_MAX_INDEX_LENGTH: 551,
                        SQL_DB_SCHEMA_NAME_LENGTH: 552,
                        SQL_MAX_PROCEDURE_NAME_LENGTH: 553,
                        SQL_MAX_CATALOG_NAME_LENGTH: 554,
                        SQL_MAX_ROW_SIZE: 555,
                        SQL_MAX_ROW_SIZE_INCLUDES_BLOBS: 556,
                        SQL_MAX_STATEMENT_LENGTH: 557,
                        SQL_MAX_STATEMENTS: 558,
                        SQL_MAX_TABLE_NAME_LENGTH: 559,
                        SQL_MAX_TABLES_IN_SELECT: 560,
                        SQL_MAX_USERNAME_LENGTH: 561,
                        SQL_DEFAULT_TRANSACTION_ISOLATION: 562,
                        SQL_TRANSACTIONS_SUPPORTED: 563,
                        SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS: 564,
                        SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT: 565,
                        SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED: 566,
                        SQL_SUPPORTED_RESULT_SET_TYPES: 567,
                        SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED: 568,
                        SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY: 569,
                        SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE: 570,
                        SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE: 571,
                        SQL_BATCH_UPDATES_SUPPORTED: 572,
                        SQL_SAVEPOINTS_SUPPORTED: 573,
                        SQL_NAMED_PARAMETERS_SUPPORTED: 574,
                        SQL_LOCATORS_UPDATE_COPY: 575,
                        SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED: 576,
                      },
                    },
                    SqlSupportedTransaction: {
                      values: {
                        SQL_SUPPORTED_TRANSACTION_NONE: 0,
                        SQL_SUPPORTED_TRANSACTION_TRANSACTION: 1,
                        SQL_SUPPORTED_TRANSACTION_SAVEPOINT: 2,
                      },
                    },
                    SqlSupportedCaseSensitivity: {
                      values: {
                        SQL_CASE_SENSITIVITY_UNKNOWN: 0,
                        SQL_CASE_SENSITIVITY_CASE_INSENSITIVE: 1,
                        SQL_CASE_SENSITIVITY_UPPERCASE: 2,
                        SQL_CASE_SENSITIVITY_LOWERCASE: 3,
                      },
                    },
                    SqlNullOrdering: {
                      values: {
                        SQL_NULLS_SORTED_HIGH: 0,
                        SQL_NULLS_SORTED_LOW: 1,
                        SQL_NULLS_SORTED_AT_START: 2,
                        SQL_NULLS_SORTED_AT_END: 3,
                      },
                    },
                    SupportedSqlGrammar: {
                      values: {
                        SQL_MINIMUM_GRAMMAR: 0,
                        SQL_CORE_GRAMMAR: 1,
                        SQL_EXTENDED_GRAMMAR: 2,
                      },
                    },
                    SupportedAnsi92SqlGrammarLevel: {
                      values: {
                        ANSI92_ENTRY_SQL: 0,
                        ANSI92_INTERMEDIATE_SQL: 1,
                        ANSI92_FULL_SQL: 2,
                      },
                    },
                    SqlOuterJoinsSupportLevel: {
                      values: {
                        SQL_JOINS_UNSUPPORTED: 0,
                        SQL_LIMITED_OUTER_JOINS: 1,
                        SQL_FULL_OUTER_JOINS: 2,
                      },
                    },
                    SqlSupportedGroupBy: {
                      values: {
                        SQL_GROUP_BY_UNRELATED: 0,
                        SQL_GROUP_BY_BEYOND_SELECT: 1,
                      },
                    },
                    SqlSupportedElementActions: {
                      values: {
                        SQL_ELEMENT_IN_PROCEDURE_CALLS: 0,
                        SQL_ELEMENT_IN_INDEX_DEFINITIONS: 1,
                        SQL_ELEMENT_IN_PRIVILEGE_DEFINITIONS: 2,
                      },
                    },
                    SqlSupportedPositionedCommands: {
                      values: {
                        SQL_POSITIONED_DELETE: 0,
                        SQL_POSITIONED_UPDATE: 1,
                      },
                    },
                    SqlSupportedSubqueries: {
                      values: {
                        SQL_SUBQUERIES_IN_COMPARISONS: 0,
                        SQL_SUBQUERIES_IN_EXISTS: 1,
                        SQL_SUBQUERIES_IN_INS: 2,
                        SQL_SUBQUERIES_IN_QUANTIFIEDS: 3,
                      },
                    },
                    SqlSupportedUnions: {
                      values: {
                        SQL_UNION: 0,
                        SQL_UNION_ALL: 1,
                      },
                    },
                    SqlTransactionIsolationLevel: {
                      values: {
                        SQL_TRANSACTION_NONE: 0,
                        SQL_TRANSACTION_READ_UNCOMMITTED: 1,
                        SQL_TRANSACTION_READ_COMMITTED: 2,
                        SQL_TRANSACTION_REPEATABLE_READ: 3,
                        SQL_TRANSACTION_SERIALIZABLE: 4,
                      },
                    },
                    SqlSupportedTransactions: {
                      values: {
                        SQL_TRANSACTION_UNSPECIFIED: 0,
                        SQL_DATA_DEFINITION_TRANSACTIONS: 1,
                        SQL_DATA_MANIPULATION_TRANSACTIONS: 2,
                      },
                    },
                    SqlSupportedResultSetType: {
                      values: {
                        SQL_RESULT_SET_TYPE_UNSPECIFIED: 0,
                        SQL_RESULT_SET_TYPE_FORWARD_ONLY: 1,
                        SQL_RESULT_SET_TYPE_SCROLL_INSENSITIVE: 2,
                        SQL_RESULT_SET_TYPE_SCROLL_SENSITIVE: 3,
                      },
                    },
                    SqlSupportedResultSetConcurrency: {
                      values: {
                        SQL_RESULT_SET_CONCURRENCY_UNSPECIFIED: 0,
                        SQL_RESULT_SET_CONCURRENCY_READ_ONLY: 1,
                        SQL_RESULT_SET_CONCURRENCY_UPDATABLE: 2,
                      },
                    },
                    SqlSupportsConvert: {
                      values: {
                        SQL_CONVERT_BIGINT: 0,
                        SQL_CONVERT_BINARY: 1,
                        SQL_CONVERT_BIT: 2,
                        SQL_CONVERT_CHAR: 3,
                        SQL_CONVERT_DATE: 4,
                        SQL_CONVERT_DECIMAL: 5,
                        SQL_CONVERT_FLOAT: 6,
                        SQL_CONVERT_INTEGER: 7,
                        SQL_CONVERT_INTERVAL_DAY_TIME: 8,
                        SQL_CONVERT_INTERVAL_YEAR_MONTH: 9,
                        SQL_CONVERT_LONGVARBINARY: 10,
                        SQL_CONVERT_LONGVARCHAR: 11,
                        SQL_CONVERT_NUMERIC: 12,
                        SQL_CONVERT_REAL: 13,
                        SQL_CONVERT_SMALLINT: 14,
                        SQL_CONVERT_TIME: 15,
                        SQL_CONVERT_TIMESTAMP: 16,
                        SQL_CONVERT_TINYINT: 17,
                        SQL_CONVERT_VARBINARY: 18,
                        SQL_CONVERT_VARCHAR: 19,
                      },
                    },
                    XdbcDataType: {
                      values: {
                        XDBC_UNKNOWN_TYPE: 0,
                        XDBC_CHAR: 1,
                        XDBC_NUMERIC: 2,
                        XDBC_DECIMAL: 3,
                        XDBC_INTEGER: 4,
                        XDBC_SMALLINT: 5,
                        XDBC_FLOAT: 6,
                        XDBC_REAL: 7,
                        XDBC_DOUBLE: 8,
                        XDBC_DATETIME: 9,
                        XDBC_INTERVAL: 10,
                        XDBC_VARCHAR: 12,
                        XDBC_DATE: 91,
                        XDBC_TIME: 92,
                        XDBC_TIMESTAMP: 93,
                        XDBC_LONGVARCHAR: -1,
                        XDBC_BINARY: -2,
                        XDBC_VARBINARY: -3,
                        XDBC_LONGVARBINARY: -4,
                        XDBC_BIGINT: -5,
                        XDBC_TINYINT: -6,
                        XDBC_BIT: -7,
                        XDBC_WCHAR: -8,
                        XDBC_WVARCHAR: -9,
                      },
                    },
                    XdbcDatetimeSubcode: {
                      options: {
                        allow_alias: true,
                      },
                      values: {
                        XDBC_SUBCODE_UNKNOWN: 0,
                        XDBC_SUBCODE_YEAR: 1,
                        XDBC_SUBCODE_DATE: 1,
                        XDBC_SUBCODE_TIME: 2,
                        XDBC_SUBCODE_MONTH: 2,
                        XDBC_SUBCODE_TIMESTAMP: 3,
                        XDBC_SUBCODE_DAY: 3,
                        XDBC_SUBCODE_TIME_WITH_TIMEZONE: 4,
                        XDBC_SUBCODE_HOUR: 4,
                        XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE: 5,
                        XDBC_SUBCODE_MINUTE: 5,
                        XDBC_SUBCODE_SECOND: 6,
                        XDBC_SUBCODE_YEAR_TO_MONTH: 7,
                        XDBC_SUBCODE_DAY_TO_HOUR: 8,
                        XDBC_SUBCODE_DAY_TO_MINUTE: 9,
                        XDBC_SUBCODE_DAY_TO_SECOND: 10,
                        XDBC_SUBCODE_HOUR_TO_MINUTE: 11,
                        XDBC_SUBCODE_HOUR_TO_SECOND: 12,
                        XDBC_SUBCODE_MINUTE_TO_SECOND: 13,
                        XDBC_SUBCODE_INTERVAL_YEAR: 101,
                        XDBC_SUBCODE_INTERVAL_MONTH: 102,
                        XDBC_SUBCODE_INTERVAL_DAY: 103,
                        XDBC_SUBCODE_INTERVAL_HOUR: 104,
                        XDBC_SUBCODE_INTERVAL_MINUTE: 105,
                        XDBC_SUBCODE_INTERVAL_SECOND: 106,
                        XDBC_SUBCODE_INTERVAL_YEAR_TO_MONTH: 107,
                        XDBC_SUBCODE_INTERVAL_DAY_TO_HOUR: 108,
                        XDBC_SUBCODE_INTERVAL_DAY_TO_MINUTE: 109,
                        XDBC_SUBCODE_INTERVAL_DAY_TO_SECOND: 110,
                        XDBC_SUBCODE_INTERVAL_HOUR_TO_MINUTE: 111,
                        XDBC_SUBCODE_INTERVAL_HOUR_TO_SECOND: 112,
                        XDBC_SUBCODE_INTERVAL_MINUTE_TO_SECOND: 113,
                      },
                    },
                    Nullable: {
                      values: {
                        NULLABILITY_NO_NULLS: 0,
                        NULLABILITY_NULLABLE: 1,
                        NULLABILITY_UNKNOWN: 2,
                      },
                    },
                    Searchable: {
                      values: {
                        SEARCHABLE_NONE: 0,
                        SEARCHABLE_CHAR: 1,
                        SEARCHABLE_BASIC: 2,
                        SEARCHABLE_FULL: 3,
                      },
                    },
                    CommandGetXdbcTypeInfo: {
                      oneofs: {
                        _dataType: {
                          oneof: ['dataType'],
                        },
                      },
                      fields: {
                        dataType: {
                          type: 'int32',
                          id: 1,
                          protoName: 'data_type',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    CommandGetCatalogs: {
                      fields: {},
                    },
                    CommandGetDbSchemas: {
                      oneofs: {
                        _catalog: {
                          oneof: ['catalog'],
                        },
                        _dbSchemaFilterPattern: {
                          oneof: ['dbSchemaFilterPattern'],
                        },
                      },
                      fields: {
                        catalog: {
                          type: 'string',
                          id: 1,
                          options: {
                            proto3_optional: true,
                          },
                        },
                        dbSchemaFilterPattern: {
                          type: 'string',
                          id: 2,
                          protoName: 'db_schema_filter_pattern',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    CommandGetTables: {
                      oneofs: {
                        _catalog: {
                          oneof: ['catalog'],
                        },
                        _dbSchemaFilterPattern: {
                          oneof: ['dbSchemaFilterPattern'],
                        },
                        _tableNameFilterPattern: {
                          oneof: ['tableNameFilterPattern'],
                        },
                      },
                      fields: {
                        catalog: {
                          type: 'string',
                          id: 1,
                          options: {
                            proto3_optional: true,
                          },
                        },
                        dbSchemaFilterPattern: {
                          type: 'string',
                          id: 2,
                          protoName: 'db_schema_filter_pattern',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        tableNameFilterPattern: {
                          type: 'string',
                          id: 3,
                          protoName: 'table_name_filter_pattern',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        tableTypes: {
                          rule: 'repeated',
                          type: 'string',
                          id: 4,
                          protoName: 'table_types',
                        },
                        includeSchema: {
                          type: 'bool',
                          id: 5,
                          protoName: 'include_schema',
                        },
                      },
                    },
                    CommandGetTableTypes: {
                      fields: {},
                    },
                    CommandGetPrimaryKeys: {
                      oneofs: {
                        _catalog: {
                          oneof: ['catalog'],
                        },
                        _dbSchema: {
                          oneof: ['dbSchema'],
                        },
                      },
                      fields: {
                        catalog: {
                          type: 'string',
                          id: 1,
                          options: {
                            proto3_optional: true,
                          },
                        },
                        dbSchema: {
                          type: 'string',
                          id: 2,
                          protoName: 'db_schema',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        table: {
                          type: 'string',
                          id: 3,
                        },
                      },
                    },
                    UpdateDeleteRules: {
                      values: {
                        CASCADE: 0,
                        RESTRICT: 1,
                        SET_NULL: 2,
                        NO_ACTION: 3,
                        SET_DEFAULT: 4,
                      },
                    },
                    CommandGetExportedKeys: {
                      oneofs: {
                        _catalog: {
                          oneof: ['catalog'],
                        },
                        _dbSchema: {
                          oneof: ['dbSchema'],
                        },
                      },
                      fields: {
                        catalog: {
                          type: 'string',
                          id: 1,
                          options: {
                            proto3_optional: true,
                          },
                        },
                        dbSchema: {
                          type: 'string',
                          id: 2,
                          protoName: 'db_schema',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        table: {
                          type: 'string',
                          id: 3,
                        },
                      },
                    },
                    CommandGetImportedKeys: {
                      oneofs: {
                        _catalog: {
                          oneof: ['catalog'],
                        },
                        _dbSchema: {
                          oneof: ['dbSchema'],
                        },
                      },
                      fields: {
                        catalog: {
                          type: 'string',
                          id: 1,
                          options: {
                            proto3_optional: true,
                          },
                        },
                        dbSchema: {
                          type: 'string',
                          id: 2,
                          protoName: 'db_schema',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        table: {
                          type: 'string',
                          id: 3,
                        },
                      },
                    },
                    CommandGetCrossReference: {
                      oneofs: {
                        _pkCatalog: {
                          oneof: ['pkCatalog'],
                        },
                        _pkDbSchema: {
                          oneof: ['pkDbSchema'],
                        },
                        _fkCatalog: {
                          oneof: ['fkCatalog'],
                        },
                        _fkDbSchema: {
                          oneof: ['fkDbSchema'],
                        },
                      },
                      fields: {
                        pkCatalog: {
                          type: 'string',
                          id: 1,
                          protoName: 'pk_catalog',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        pkDbSchema: {
                          type: 'string',
                          id: 2,
                          protoName: 'pk_db_schema',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        pkTable: {
                          type: 'string',
                          id: 3,
                          protoName: 'pk_table',
                        },
                        fkCatalog: {
                          type: 'string',
                          id: 4,
                          protoName: 'fk_catalog',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        fkDbSchema: {
                          type: 'string',
                          id: 5,
                          protoName: 'fk_db_schema',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        fkTable: {
                          type: 'string',
                          id: 6,
                          protoName: 'fk_table',
                        },
                      },
                    },
                    ActionCreatePreparedStatementRequest: {
                      oneofs: {
                        _transactionId: {
                          oneof: ['transactionId'],
                        },
                      },
                      fields: {
                        query: {
                          type: 'string',
                          id: 1,
                        },
                        transactionId: {
                          type: 'bytes',
                          id: 2,
                          protoName: 'transaction_id',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    SubstraitPlan: {
                      fields: {
                        plan: {
                          type: 'bytes',
                          id: 1,
                        },
                        version: {
                          type: 'string',
                          id: 2,
                        },
                      },
                    },
                    ActionCreatePreparedSubstraitPlanRequest: {
                      oneofs: {
                        _transactionId: {
                          oneof: ['transactionId'],
                        },
                      },
                      fields: {
                        plan: {
                          type: 'SubstraitPlan',
                          id: 1,
                        },
                        transactionId: {
                          type: 'bytes',
                          id: 2,
                          protoName: 'transaction_id',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    ActionCreatePreparedStatementResult: {
                      oneofs: {
                        _isUpdate: {
                          oneof: ['isUpdate'],
                        },
                      },
                      fields: {
                        preparedStatementHandle: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'prepared_statement_handle',
                        },
                        datasetSchema: {
                          type: 'bytes',
                          id: 2,
                          protoName: 'dataset_schema',
                        },
                        parameterSchema: {
                          type: 'bytes',
                          id: 3,
                          protoName: 'parameter_schema',
                        },
                        isUpdate: {
                          type: 'bool',
                          id: 4,
                          protoName: 'is_update',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    ActionClosePreparedStatementRequest: {
                      fields: {
                        preparedStatementHandle: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'prepared_statement_handle',
                        },
                      },
                    },
                    ActionBeginTransactionRequest: {
                      fields: {},
                    },
                    ActionBeginSavepointRequest: {
                      fields: {
                        transactionId: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'transaction_id',
                        },
                        name: {
                          type: 'string',
                          id: 2,
                        },
                      },
                    },
                    ActionBeginTransactionResult: {
                      fields: {
                        transactionId: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'transaction_id',
                        },
                      },
                    },
                    ActionBeginSavepointResult: {
                      fields: {
                        savepointId: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'savepoint_id',
                        },
                      },
                    },
                    ActionEndTransactionRequest: {
                      fields: {
                        transactionId: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'transaction_id',
                        },
                        action: {
                          type: 'EndTransaction',
                          id: 2,
                        },
                      },
                      nested: {
                        EndTransaction: {
                          values: {
                            END_TRANSACTION_UNSPECIFIED: 0,
                            END_TRANSACTION_COMMIT: 1,
                            END_TRANSACTION_ROLLBACK: 2,
                          },
                        },
                      },
                    },
                    ActionEndSavepointRequest: {
                      fields: {
                        savepointId: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'savepoint_id',
                        },
                        action: {
                          type: 'EndSavepoint',
                          id: 2,
                        },
                      },
                      nested: {
                        EndSavepoint: {
                          values: {
                            END_SAVEPOINT_UNSPECIFIED: 0,
                            END_SAVEPOINT_RELEASE: 1,
                            END_SAVEPOINT_ROLLBACK: 2,
                          },
                        },
                      },
                    },
                    CommandStatementQuery: {
                      oneofs: {
                        _transactionId: {
                          oneof: ['transactionId'],
                        },
                      },
                      fields: {
                        query: {
                          type: 'string',
                          id: 1,
                        },
                        transactionId: {
                          type: 'bytes',
                          id: 2,
                          protoName: 'transaction_id',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    CommandStatementSubstraitPlan: {
                      oneofs: {
                        _transactionId: {
                          oneof: ['transactionId'],
                        },
                      },
                      fields: {
                        plan: {
                          type: 'SubstraitPlan',
                          id: 1,
                        },
                        transactionId: {
                          type: 'bytes',
                          id: 2,
                          protoName: 'transaction_id',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    TicketStatementQuery: {
                      fields: {
                        statementHandle: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'statement_handle',
                        },
                      },
                    },
                    CommandPreparedStatementQuery: {
                      fields: {
                        preparedStatementHandle: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'prepared_statement_handle',
                        },
                      },
                    },
                    CommandStatementUpdate: {
                      oneofs: {
                        _transactionId: {
                          oneof: ['transactionId'],
                        },
                      },
                      fields: {
                        query: {
                          type: 'string',
                          id: 1,
                        },
                        transactionId: {
                          type: 'bytes',
                          id: 2,
                          protoName: 'transaction_id',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    CommandPreparedStatementUpdate: {
                      fields: {
                        preparedStatementHandle: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'prepared_statement_handle',
                        },
                      },
                    },
                    CommandStatementIngest: {
                      oneofs: {
                        _schema: {
                          oneof: ['schema'],
                        },
                        _catalog: {
                          oneof: ['catalog'],
                        },
                        _transactionId: {
                          oneof: ['transactionId'],
                        },
                      },
                      fields: {
                        tableDefinitionOptions: {
                          type: 'TableDefinitionOptions',
                          id: 1,
                          protoName: 'table_definition_options',
                        },
                        table: {
                          type: 'string',
                          id: 2,
                        },
                        schema: {
                          type: 'string',
                          id: 3,
                          options: {
                            proto3_optional: true,
                          },
                        },
                        catalog: {
                          type: 'string',
                          id: 4,
                          options: {
                            proto3_optional: true,
                          },
                        },
                        temporary: {
                          type: 'bool',
                          id: 5,
                        },
                        transactionId: {
                          type: 'bytes',
                          id: 6,
                          protoName: 'transaction_id',
                          options: {
                            proto3_optional: true,
                          },
                        },
                        options: {
                          keyType: 'string',
                          type: 'string',
                          id: 1000,
                        },
                      },
                      nested: {
                        TableDefinitionOptions: {
                          fields: {
                            ifNotExist: {
                              type: 'TableNotExistOption',
                              id: 1,
                              protoName: 'if_not_exist',
                            },
                            ifExists: {
                              type: 'TableExistsOption',
                              id: 2,
                              protoName: 'if_exists',
                            },
                          },
                          nested: {
                            TableNotExistOption: {
                              values: {
                                TABLE_NOT_EXIST_OPTION_UNSPECIFIED: 0,
                                TABLE_NOT_EXIST_OPTION_CREATE: 1,
                                TABLE_NOT_EXIST_OPTION_FAIL: 2,
                              },
                            },
                            TableExistsOption: {
                              values: {
                                TABLE_EXISTS_OPTION_UNSPECIFIED: 0,
                                TABLE_EXISTS_OPTION_FAIL: 1,
                                TABLE_EXISTS_OPTION_APPEND: 2,
                                TABLE_EXISTS_OPTION_REPLACE: 3,
                              },
                            },
                          },
                        },
                      },
                    },
                    DoPutUpdateResult: {
                      fields: {
                        recordCount: {
                          type: 'int64',
                          id: 1,
                          protoName: 'record_count',
                        },
                      },
                    },
                    DoPutPreparedStatementResult: {
                      oneofs: {
                        _preparedStatementHandle: {
                          oneof: ['preparedStatementHandle'],
                        },
                      },
                      fields: {
                        preparedStatementHandle: {
                          type: 'bytes',
                          id: 1,
                          protoName: 'prepared_statement_handle',
                          options: {
                            proto3_optional: true,
                          },
                        },
                      },
                    },
                    ActionCancelQueryRequest: {
                      fields: {
                        info: {
                          type: 'bytes',
                          id: 1,
                        },
                      },
                    },
                    ActionCancelQueryResult: {
                      fields: {
                        result: {
                          type: 'CancelResult',
                          id: 1,
                        },
                      },
                      nested: {
                        CancelResult: {
                          values: {
                            CANCEL_RESULT_UNSPECIFIED: 0,
                            CANCEL_RESULT_CANCELLED: 1,
                            CANCEL_RESULT_CANCELLING: 2,
                            CANCEL_RESULT_NOT_CANCELLABLE: 3,
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}
