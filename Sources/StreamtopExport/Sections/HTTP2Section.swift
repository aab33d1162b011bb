import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func http2Section(_ http2: HTTP2Snapshot) {
        object("http2") { json in
            json.namedCounts("frames", http2.frames)
            json.member("streams", http2.streams)
            json.member("push_promises", http2.pushPromises)
            if http2.pushesCancelled > 0 {
                json.member("pushes_cancelled", http2.pushesCancelled)
                json.member("pushes_wasted_bytes", http2.pushesWastedBytes)
            }
            json.member("resets", http2.resets)
            json.member("overhead_bytes", http2.overheadBytes)
            json.member("payload_bytes", http2.payloadBytes)
            if http2.overheadBytes &+ http2.payloadBytes > 0 {
                let whole = Double(http2.overheadBytes) + Double(http2.payloadBytes)
                json.ratio("overhead_ratio", Double(http2.overheadBytes) / whole)
            }
            json.http2End("client", http2.client)
            json.http2End("server", http2.server)
            if let control = http2.flowControl { json.flowControl(control) }
            json.headOfLine(http2.headOfLine)
            if http2.undecodedBlocks > 0 { json.member("undecoded_blocks", http2.undecodedBlocks) }
            if http2.lostSteps > 0 { json.member("lost_steps", http2.lostSteps) }
            if http2.violations > 0 { json.member("violations", http2.violations) }
        }
    }

    private mutating func http2End(_ name: StaticString, _ end: HTTP2EndpointSnapshot) {
        object(name) { json in
            if !end.settings.isEmpty { json.object("settings") { $0.quicParameterMembers(end.settings) } }
            json.member("overhead_bytes", end.overheadBytes)
            json.member("payload_bytes", end.payloadBytes)
            json.member("goaway", end.goAway)
            json.member("goaway_error", end.goAwayError)
            json.roundTrip("ping_rtt", end.pingRoundTrip)
        }
    }

    /// Windows are named after the end that grants the credit.
    private mutating func flowControl(_ control: HTTP2FlowControlSnapshot) {
        object("flow_control") { json in
            json.member("client_window_bytes", Int(control.client.last))
            json.member("server_window_bytes", Int(control.server.last))
            json.object("connection") { json in
                json.connectionCredit("client", control.client)
                json.connectionCredit("server", control.server)
            }
            json.object("stream") { json in
                json.streamCredit("client", control.client)
                json.streamCredit("server", control.server)
            }
            guard let sender = control.sender else { return }
            json.member("sender", sender)
            json.member("streams_blocked", control.streamsBlocked)
            json.object("blocked_ms") { json in
                json.milliseconds("connection", control.blockedByConnection)
                json.milliseconds("stream", control.blockedByStream)
            }
            json.rate("cap_bps", control.cap)
        }
    }

    private mutating func connectionCredit(_ name: StaticString, _ credit: HTTP2CreditSnapshot) {
        object(name) { json in
            json.member("min_bytes", Int(credit.minimum))
            json.member("last_bytes", Int(credit.last))
            json.member("max_bytes", Int(credit.maximum))
        }
    }

    private mutating func streamCredit(_ name: StaticString, _ credit: HTTP2CreditSnapshot) {
        object(name) { json in
            json.member("initial_bytes", Int(credit.streamInitial))
            json.member("min_bytes", credit.streamMinimum.map { Int($0) })
        }
    }

    /// Named after the end that sent what waited; left out where nothing did.
    mutating func headOfLine(_ waits: BothDirections<HeadOfLineSnapshot>) {
        guard waits.client.holes + waits.server.holes > 0 else { return }
        object("head_of_line") { json in
            json.headOfLineEnd("client", waits.client)
            json.headOfLineEnd("server", waits.server)
        }
    }

    private mutating func headOfLineEnd(_ name: StaticString, _ end: HeadOfLineSnapshot) {
        object(name) { json in
            json.milliseconds("waited_ms", end.waited)
            json.member("holes", end.holes)
            json.member("streams", end.streams)
        }
    }

    /// `{name: count}`.
    mutating func namedCounts(_ name: StaticString, _ counts: [NamedCount]) {
        object(name) { json in
            for count in counts { json.member(named: count.name, count.count) }
        }
    }
}
