/// The transport parameters of one end (RFC 9000 section 18): identifier and value pairs in the order they were sent.
package struct QUICTransportParameters: Equatable, Sendable {
    package enum Value: Equatable, Sendable {
        case integer(UInt64)
        case bytes([UInt8])
        /// A parameter without content: its presence is the message.
        case present
        /// version_information (RFC 9368 section 3).
        case versions(chosen: QUICVersion, available: [QUICVersion])
    }

    package struct Parameter: Equatable, Sendable {
        package var identifier: UInt64
        package var value: Value
    }

    package private(set) var list: [Parameter] = []

    /// More parameters than any end sends are not kept.
    package static let capacity = 64

    package init() {}

    /// Decodes the content of the quic_transport_parameters extension. Greased parameters (identifier 31 * N + 27) are
    /// left out, values that break their own rules end the list.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        while !reader.isAtEnd {  // each pass takes at least two bytes
            let identifier = try reader.quicInteger()
            let length = try reader.quicLength()
            var body = reader.reader(of: length)
            guard identifier < 27 || identifier % 31 != 27, list.count < Self.capacity else { continue }
            list.append(Parameter(identifier: identifier, value: try Self.value(identifier, &body)))
        }
    }

    package func integer(_ name: Name) -> UInt64? {
        guard case .integer(let value) = self[name] else { return nil }
        return value
    }

    package subscript(_ name: Name) -> Value? {
        list.first { $0.identifier == name.rawValue }?.value
    }

    /// Parameters we know (IANA "QUIC Transport Parameters").
    package enum Name: UInt64, Sendable, CaseIterable {
        case originalDestinationConnectionID = 0x00
        case maxIdleTimeout = 0x01
        case statelessResetToken = 0x02
        case maxUDPPayloadSize = 0x03
        case initialMaxData = 0x04
        case initialMaxStreamDataBidiLocal = 0x05
        case initialMaxStreamDataBidiRemote = 0x06
        case initialMaxStreamDataUni = 0x07
        case initialMaxStreamsBidi = 0x08
        case initialMaxStreamsUni = 0x09
        case ackDelayExponent = 0x0a
        case maxAckDelay = 0x0b
        case disableActiveMigration = 0x0c
        case preferredAddress = 0x0d
        case activeConnectionIDLimit = 0x0e
        case initialSourceConnectionID = 0x0f
        case retrySourceConnectionID = 0x10
        case versionInformation = 0x11
        case maxDatagramFrameSize = 0x20
        case greaseQUICBit = 0x2ab2
        case minAckDelay = 0xff04_de1b
        case initialRoundTrip = 0x3127
        case googleConnectionOptions = 0x3128
        case userAgent = 0x3129
        case googleVersion = 0x4752

        /// The name of the RFC in snake_case.
        package var text: String {
            switch self {
            case .originalDestinationConnectionID: "original_destination_connection_id"
            case .maxIdleTimeout: "max_idle_timeout"
            case .statelessResetToken: "stateless_reset_token"
            case .maxUDPPayloadSize: "max_udp_payload_size"
            case .initialMaxData: "initial_max_data"
            case .initialMaxStreamDataBidiLocal: "initial_max_stream_data_bidi_local"
            case .initialMaxStreamDataBidiRemote: "initial_max_stream_data_bidi_remote"
            case .initialMaxStreamDataUni: "initial_max_stream_data_uni"
            case .initialMaxStreamsBidi: "initial_max_streams_bidi"
            case .initialMaxStreamsUni: "initial_max_streams_uni"
            case .ackDelayExponent: "ack_delay_exponent"
            case .maxAckDelay: "max_ack_delay"
            case .disableActiveMigration: "disable_active_migration"
            case .preferredAddress: "preferred_address"
            case .activeConnectionIDLimit: "active_connection_id_limit"
            case .initialSourceConnectionID: "initial_source_connection_id"
            case .retrySourceConnectionID: "retry_source_connection_id"
            case .versionInformation: "version_information"
            case .maxDatagramFrameSize: "max_datagram_frame_size"
            case .greaseQUICBit: "grease_quic_bit"
            case .minAckDelay: "min_ack_delay"
            case .initialRoundTrip: "initial_round_trip_time"
            case .googleConnectionOptions: "google_connection_options"
            case .userAgent: "user_agent"
            case .googleVersion: "google_version"
            }
        }
    }

    @_lifetime(body: copy body)
    private static func value(_ identifier: UInt64, _ body: inout ByteReader) throws(DecodeError) -> Value {
        switch Name(rawValue: identifier) {
        case .disableActiveMigration, .greaseQUICBit:
            return body.isAtEnd ? .present : .bytes(body.copy(body.remaining))
        case .versionInformation where body.remaining >= 4 && body.remaining % 4 == 0:
            let chosen = QUICVersion(rawValue: body.uint32())
            var available: [QUICVersion] = []
            // Each pass takes four bytes.
            while body.remaining >= 4 { available.append(QUICVersion(rawValue: body.uint32())) }
            return .versions(chosen: chosen, available: available)
        case .maxIdleTimeout, .maxUDPPayloadSize, .initialMaxData, .initialMaxStreamDataBidiLocal,
            .initialMaxStreamDataBidiRemote, .initialMaxStreamDataUni, .initialMaxStreamsBidi, .initialMaxStreamsUni,
            .ackDelayExponent, .maxAckDelay, .activeConnectionIDLimit, .maxDatagramFrameSize, .minAckDelay,
            .initialRoundTrip:
            let number = try body.quicInteger()
            guard body.isAtEnd else { throw body.malformed(.quic, .lengthBelowHeader) }
            return .integer(number)
        default:
            return .bytes(body.copy(body.remaining))
        }
    }
}
