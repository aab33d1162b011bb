import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// The values of a flow at one step of `--interval`. `start` is the flow's first packet.
    package mutating func appendSample(
        _ sample: FlowSample, flow: FlowIdentifier, start: Timestamp, to buffer: inout RecordBuffer
    ) {
        record("sample", to: &buffer) { json in
            json.time("ts", sample.time)
            json.flow("flow", flow)
            json.offset("at_ms", sample.time - start)
            json.pair("rtt_ms", sample.roundTrip) { $0.milliseconds($1, $2) }
            json.pair("queue_delay_ms", sample.queueDelay) { $0.milliseconds($1, $2) }
            json.pair("in_flight_bytes", sample.inFlight) { $0.member($1, $2) }
            json.pair("cwnd_bytes", sample.congestionWindow) { $0.member($1, $2) }
            json.pair("receive_window_bytes", sample.receiveWindow) { $0.member($1, $2) }
            json.object("rate_bps") { json in
                json.rate("client", sample.rate.client)
                json.rate("server", sample.rate.server)
            }
            json.ratio("buffer_s", sample.playerBuffer)
            if let kernel = sample.kernel { json.kernel(kernel, start: start) }
            guard sample.countsSegments else { return }
            json.counts("retransmissions", sample.retransmissions)
            json.counts("losses", sample.losses)
            json.counts("zero_windows", sample.zeroWindows)
        }
    }
}

extension JSONWriter {
    /// The known halves of a pair; nothing when neither is.
    fileprivate mutating func pair<Value>(
        _ name: StaticString, _ values: BothDirections<Value?>, _ write: (inout JSONWriter, StaticString, Value) -> Void
    ) {
        guard values.client != nil || values.server != nil else { return }
        object(name) { json in
            if let client = values.client { write(&json, "client", client) }
            if let server = values.server { write(&json, "server", server) }
        }
    }

    fileprivate mutating func counts(_ name: StaticString, _ values: BothDirections<Int>) {
        object(name) { json in
            json.member("client", values.client)
            json.member("server", values.server)
        }
    }
}
