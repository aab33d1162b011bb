import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func webSocketSection(_ socket: WebSocketSnapshot) {
        object("websocket") { json in
            json.member("url", socket.url)
            json.member("subprotocol", socket.subprotocol)
            json.member("extensions", socket.extensions)
            json.milliseconds("upgrade_ms", socket.upgrade)
            json.member("accepted", socket.isAccepted)
            json.webSocketEnd("client", socket.client)
            json.webSocketEnd("server", socket.server)
            // By the end that answers; the server's, where both were asked.
            if socket.server.pingRoundTrip != nil {
                json.roundTrip("ping_rtt", socket.server.pingRoundTrip)
                json.roundTrip("client_ping_rtt", socket.client.pingRoundTrip)
            } else {
                json.roundTrip("ping_rtt", socket.client.pingRoundTrip)
            }
            if socket.client.eventLoopLag != nil || socket.server.eventLoopLag != nil {
                json.object("event_loop_lag_ms") { json in
                    json.spread("client", socket.client.eventLoopLag)
                    json.spread("server", socket.server.eventLoopLag)
                }
            }
            if let close = socket.close { json.object("close") { $0.webSocketCloseMembers(close) } }
            json.namedCounts("violations", socket.violations)
            json.member("media", socket.media)
            json.mediaClock(socket.mediaClock)
            guard let comparison = socket.comparison else { return }
            json.object("comparison") { json in
                json.member("http2_bytes", comparison.http2Bytes)
                json.member("long_polling_bytes", comparison.longPollingBytes)
                json.member("method", comparison.method)
            }
        }
    }

    mutating func webSocketCloseMembers(_ close: WebSocketCloseSnapshot) {
        member("code", close.code)
        member("reason", close.reason)
        member("by", close.by)
    }

    private mutating func webSocketEnd(_ name: StaticString, _ end: WebSocketEndpointSnapshot) {
        object(name) { json in
            json.object("frames") { json in
                // A kind that was not seen was not sent, unless frames were lost: then nobody knows.
                for kind in ["text", "binary", "continuation", "ping", "pong", "close"] {
                    let count = end.frames.first { $0.name == kind }?.count
                    if !end.hasLostStep || count != nil { json.member(named: kind, count ?? 0) }
                }
            }
            json.member("messages", end.messages)
            json.member("payload_bytes", end.payloadBytes)
            json.member("header_bytes", end.headerBytes)
            if end.headerBytes &+ end.payloadBytes > 0 {
                let whole = Double(end.headerBytes) + Double(end.payloadBytes)
                json.ratio("overhead_ratio", Double(end.headerBytes) / whole)
            }
            json.member("masked_frames", end.maskedFrames)
            json.member("compressed_messages", end.compressedMessages)
            json.member("message_bytes", end.messageBytes)
            if end.hasLostStep { json.member("lost_step", true) }
        }
    }

}
