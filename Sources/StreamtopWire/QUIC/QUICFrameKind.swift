/// The frame types of QUIC (RFC 9000 section 19, RFC 9221), as they are counted. The name is that of the RFC in
/// snake_case.
package enum QUICFrameKind: UInt8, Sendable, CaseIterable {
    case padding, ping, ack, resetStream, stopSending, crypto, newToken, stream, maxData, maxStreamData, maxStreams
    case dataBlocked, streamDataBlocked, streamsBlocked, newConnectionID, retireConnectionID, pathChallenge
    case pathResponse, connectionClose, handshakeDone, datagram, ackFrequency, immediateAck

    package var name: String {
        switch self {
        case .padding: "padding"
        case .ping: "ping"
        case .ack: "ack"
        case .resetStream: "reset_stream"
        case .stopSending: "stop_sending"
        case .crypto: "crypto"
        case .newToken: "new_token"
        case .stream: "stream"
        case .maxData: "max_data"
        case .maxStreamData: "max_stream_data"
        case .maxStreams: "max_streams"
        case .dataBlocked: "data_blocked"
        case .streamDataBlocked: "stream_data_blocked"
        case .streamsBlocked: "streams_blocked"
        case .newConnectionID: "new_connection_id"
        case .retireConnectionID: "retire_connection_id"
        case .pathChallenge: "path_challenge"
        case .pathResponse: "path_response"
        case .connectionClose: "connection_close"
        case .handshakeDone: "handshake_done"
        case .datagram: "datagram"
        case .ackFrequency: "ack_frequency"
        case .immediateAck: "immediate_ack"
        }
    }

    /// A packet with such a frame must be acknowledged (RFC 9002 section 2).
    package var isAckEliciting: Bool {
        switch self {
        case .padding, .ack, .connectionClose: false
        default: true
        }
    }
}
