import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func sctpSection(_ sctp: SCTPSnapshot) {
        object("sctp") { json in
            json.sctpEndpoint("client", sctp.client)
            json.sctpEndpoint("server", sctp.server)
            json.array("streams", sctp.streams) { json, stream in
                json.object { json in
                    json.member("id", stream.identifier)
                    json.sctpMessages("client", stream.client)
                    json.sctpMessages("server", stream.server)
                    json.member("label", stream.label)
                    json.member("subprotocol", stream.subprotocol)
                    json.member("ordered", stream.isOrdered)
                    json.member("max_retransmits", stream.maximumRetransmissions)
                    json.member("max_lifetime_ms", stream.lifetime)
                    if stream.resets > 0 { json.member("resets", stream.resets) }
                }
            }
            if sctp.streamsLeftOut > 0 { json.member("streams_left_out", sctp.streamsLeftOut) }
            json.roundTrip("rtt", sctp.roundTrip)
            json.milliseconds("handshake_ms", sctp.handshake)
            json.object("chunks") { json in
                for chunk in sctp.chunks { json.member(named: chunk.name, Int(clamping: chunk.count)) }
            }
        }
    }

    private mutating func sctpEndpoint(_ name: StaticString, _ end: SCTPSnapshot.End) {
        object(name) { json in
            json.member("data_chunks", end.dataChunks)
            json.member("bytes", end.bytes)
            json.member("retransmitted", end.retransmitted)
            json.member("fast_retransmitted", end.fastRetransmissions)
            json.member("timeouts", end.timeouts)
            json.milliseconds("longest_timeout_ms", end.longestTimeout)
            json.member("sacks", end.selectiveAcks)
            json.member("gap_reports", end.gapReports)
            json.member("duplicates", end.duplicates)
            json.member("forward_tsn", end.forwardTSNs)
            if end.abandoned > 0 { json.member("abandoned", end.abandoned) }
            if end.receiveWindow != nil || end.maximumReceiveWindow != nil {
                json.object("a_rwnd_bytes") { json in
                    json.member("last", end.receiveWindow?.last)
                    json.member("min", end.receiveWindow?.minimum)
                    json.member("max", end.receiveWindow.map { max($0.maximum, end.maximumReceiveWindow ?? 0) })
                }
            }
        }
    }

    private mutating func sctpMessages(_ name: StaticString, _ messages: SCTPSnapshot.Messages) {
        object(name) { json in
            json.member("messages", messages.messages)
            json.member("bytes", messages.bytes)
        }
    }
}
