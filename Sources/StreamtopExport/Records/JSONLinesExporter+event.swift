import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// Something that happened in a flow.
    package mutating func appendEvent(_ event: FlowEvent, to buffer: inout RecordBuffer) {
        record("event", to: &buffer) { json in
            json.time("ts", event.time)
            json.flow("flow", event.flow)
            json.offset("at_ms", event.sinceStart)
            json.eventBody(event.kind)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func eventBody(_ kind: FlowEvent.Kind) {
        switch kind {
        case .flowOpen:
            member("event", "flow_open")
        case .flowClose(let state):
            member("event", "flow_close")
            member("state", state)
        case .handshakeStep(let step, let from, let bytes, let encrypted):
            member("event", "handshake_step")
            member("step", step)
            member("from", from)
            member("bytes", bytes)
            member("encrypted", encrypted)
        case .established(let handshake):
            member("event", "established")
            milliseconds("handshake_ms", handshake)
        case .earlyData(let bytes, let accepted):
            member("event", "early_data")
            member("bytes", bytes)
            member("accepted", accepted)
        case .dtlsRetransmit(let from):
            member("event", "dtls_retransmit")
            member("from", from)
        case .retransmission(let from, let sequence, let bytes, let cause):
            member("event", "retransmission")
            member("from", from)
            member("sequence", sequence)
            member("bytes", bytes)
            member("cause", cause)
        case .loss(let from, let segments, let verdict, let location):
            member("event", "loss")
            member("from", from)
            member("segments", segments)
            member("verdict", verdict)
            member("side", location)
        case .spurious(let from, let sequence):
            member("event", "spurious")
            member("from", from)
            member("sequence", sequence)
        case .zeroWindow(let end):
            member("event", "zero_window")
            member("by", end)
        case .windowOpen(let end, let bytes, let after):
            member("event", "window_open")
            member("by", end)
            member("window_bytes", bytes)
            milliseconds("after_ms", after)
        case .ecnCE(let from):
            member("event", "ecn_ce")
            member("from", from)
        case .icmpTooBig(let mtu):
            member("event", "icmp_too_big")
            member("mtu", mtu)
        case .migration(let move):
            member("event", "migration")
            member("from", move.from.description)
            member("to", move.to.description)
            member("validated", move.isValidated)
        case .keyUpdate(let end):
            member("event", "key_update")
            member("by", end)
        case .versionNegotiation(let offered):
            member("event", "version_negotiation")
            array("versions", offered) { $0.string($1) }
        case .httpExchange(let exchange):
            member("event", "http_exchange")
            exchangeMembers(exchange)
        case .webSocketOpen(let url):
            member("event", "websocket_open")
            member("url", url)
        case .webSocketClose(let close):
            member("event", "websocket_close")
            webSocketCloseMembers(close)
        case .rtpStart(let stream, let from, let payloadType):
            member("event", "rtp_start")
            source("ssrc", stream)
            member("from", from)
            member("payload_type", payloadType)
        case .rtpLoss(let stream, let from, let packets):
            member("event", "rtp_loss")
            source("ssrc", stream)
            member("from", from)
            member("packets", packets)
        case .nominated(let end):
            member("event", "nominated")
            member("by", end)
        case .icePair(let state):
            member("event", "ice_pair")
            member("state", state)
        case .natMapping(let mapping, let mapped):
            member("event", "nat")
            member("mapping", mapping)
            member("mapped", mapped.description)
        case .allocation(let allocation):
            member("event", "allocation")
            member("state", allocation.state)
            member("relayed", allocation.relayed?.description)
            member("lifetime_s", allocation.lifetime.map { Int($0) })
            member("error", allocation.errorCode)
            member("lapsed", allocation.lapse)
        case .keyFrame(let stream, let from):
            member("event", "keyframe")
            source("ssrc", stream)
            member("from", from)
        case .mediaChunk(let exchange, let bytes, let age):
            member("event", "chunk")
            member("exchange", exchange)
            member("bytes", bytes)
            offset("arrival_ms", age)
        case .mediaSegment(let segment):
            member("event", "segment")
            member("exchange", segment.exchange)
            member("url", segment.url)
            member("bytes", segment.bytes)
            if segment.chunks > 0 { member("chunks", segment.chunks) }
            milliseconds("download_ms", segment.download)
            rate("throughput_bps", segment.throughput)
        case .mediaSwitch(let change):
            member("event", "abr_switch")
            switchMembers(change)
        case .mediaStall:
            member("event", "stall")
        case .verdict(let rule, let severity, let summary):
            member("event", "verdict")
            member("rule", rule)
            member("severity", severity)
            member("summary", summary)
        }
    }
}
