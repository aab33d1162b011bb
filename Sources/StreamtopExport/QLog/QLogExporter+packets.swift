import StreamtopBase
import StreamtopModel

/// Single packets, in the members of draft-ietf-quic-qlog-quic-events: what the client sent is `packet_sent`, for the
/// trace tells the client's flow.
extension QLogExporter {
    func packets(_ quic: QUICSnapshot, end: Timestamp) -> [QLogEvent] {
        var list = quic.packetLog.map { packet in
            let name = packet.direction == .fromClient ? "quic:packet_sent" : "quic:packet_received"
            return QLogEvent(time: packet.time, name: name) { json in
                json.object("header") { json in
                    json.member("packet_type", packet.kind)
                    json.member("packet_number", packet.number)
                }
                json.object("raw") { $0.member("length", packet.size) }
                json.array("frames", packet.frames) { json, frame in
                    json.object { $0.qlogFrame(frame) }
                }
            }
        }
        if quic.packetsNotLogged > 0 {
            let count = quic.packetsNotLogged
            list.append(
                QLogEvent(time: end, name: "streamtop:packets_not_logged") { $0.member("count", count) })
        }
        return list
    }
}

extension JSONWriter {
    fileprivate mutating func qlogFrame(_ frame: QUICFrameRecord) {
        switch frame {
        case .padding(let count): qlogFrame("padding", length: count, of: "payload_length")
        case .ping: member("frame_type", "ping")
        case .ack(let ranges, let delay):
            member("frame_type", "ack")
            milliseconds("ack_delay", delay)
            array("acked_ranges", ranges) { $0.qlogRange($1) }
        case .resetStream(let stream, let code, let size):
            member("frame_type", "reset_stream")
            member("stream_id", stream)
            qlogError(code)
            member("final_size", size)
        case .stopSending(let stream, let code):
            member("frame_type", "stop_sending")
            member("stream_id", stream)
            qlogError(code)
        case .crypto(let offset, let length):
            qlogFrame("crypto", length: length, of: "length")
            member("offset", offset)
        case .newToken(let length):
            member("frame_type", "new_token")
            object("token") { json in
                json.object("raw") { $0.member("length", length) }
            }
        case .stream(let identifier, let offset, let length, let isLast):
            qlogFrame("stream", length: length, of: "length")
            member("stream_id", identifier)
            member("offset", offset)
            if isLast { member("fin", true) }
        case .datagram(let length): qlogFrame("datagram", length: length, of: "length")
        case .connectionClose(let code, let isApplication):
            member("frame_type", "connection_close")
            member("error_space", isApplication ? "application" : "transport")
            qlogError(code)
        case .handshakeDone: member("frame_type", "handshake_done")
        case .pathChallenge: member("frame_type", "path_challenge")
        case .pathResponse: member("frame_type", "path_response")
        case .newConnectionID(let sequence, let retire, let identifier):
            member("frame_type", "new_connection_id")
            member("sequence_number", sequence)
            member("retire_prior_to", retire)
            member("connection_id", identifier)
        case .retireConnectionID(let sequence):
            member("frame_type", "retire_connection_id")
            member("sequence_number", sequence)
        case .other(let type):
            member("frame_type", "unknown")
            member("frame_type_bytes", type)
        default: qlogFlowControl(frame)
        }
    }

    private mutating func qlogFlowControl(_ frame: QUICFrameRecord) {
        switch frame {
        case .maxData(let maximum): qlogLimit("max_data", "maximum", maximum)
        case .maxStreamData(let stream, let maximum): qlogLimit("max_stream_data", "maximum", maximum, stream: stream)
        case .maxStreams(let isBidirectional, let maximum):
            qlogLimit("max_streams", "maximum", maximum, isBidirectional: isBidirectional)
        case .dataBlocked(let limit): qlogLimit("data_blocked", "limit", limit)
        case .streamDataBlocked(let stream, let limit): qlogLimit("stream_data_blocked", "limit", limit, stream: stream)
        case .streamsBlocked(let isBidirectional, let limit):
            qlogLimit("streams_blocked", "limit", limit, isBidirectional: isBidirectional)
        default: break
        }
    }

    private mutating func qlogLimit(
        _ type: String, _ name: StaticString, _ limit: UInt64, stream: UInt64? = nil, isBidirectional: Bool? = nil
    ) {
        member("frame_type", type)
        member("stream_id", stream)
        if let isBidirectional { member("stream_type", isBidirectional ? "bidirectional" : "unidirectional") }
        member(name, limit)
    }

    private mutating func qlogFrame(_ type: String, length: Int, of name: StaticString) {
        member("frame_type", type)
        object("raw") { $0.member(name, length) }
    }

    /// Codes of applications have no names in qlog unless an application's schema gives them.
    private mutating func qlogError(_ code: UInt64) {
        member("error", "unknown")
        member("error_code", code)
    }

    /// One number for one packet, else the lowest and the highest.
    private mutating func qlogRange(_ range: ClosedRange<UInt64>) {
        let isOne = range.lowerBound == range.upperBound
        array(isOne ? [range.lowerBound] : [range.lowerBound, range.upperBound]) { $0.unsigned($1) }
    }
}
