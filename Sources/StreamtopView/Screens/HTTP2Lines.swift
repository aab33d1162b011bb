import StreamtopBase
import StreamtopModel

/// What HTTP/2 itself costs, and its flow control as the buffer it is.
enum HTTP2Lines {
    static func all(_ flow: FlowSnapshot) -> [[TextSpan]] {
        guard let http2 = flow.http2 else { return [] }
        return [framing(http2)] + (http2.flowControl.map { flowControl($0, flow) } ?? [])
    }

    private static func framing(_ http2: HTTP2Snapshot) -> [TextSpan] {
        let overhead = http2.overheadBytes
        let payload = http2.payloadBytes
        var spans = [
            TextSpan("HTTP/2  ", .badge), TextSpan(Words.framing + " ", .label),
            TextSpan(ByteText.short(overhead), .value),
            TextSpan(" \(Words.beside) \(ByteText.short(payload)) \(Words.content)", .label),
        ]
        if overhead &+ payload > 0 {
            spans.append(
                TextSpan("  " + PercentText.ratio(Double(overhead) / (Double(overhead) + Double(payload))), .value))
        }
        spans += [TextSpan("  " + Words.streamCount(http2.streams), .text)]
        if http2.resets > 0 { spans.append(TextSpan("  reset \(NumberText.grouped(http2.resets))", .watch)) }
        if http2.pushPromises > 0 {
            spans.append(
                TextSpan(
                    "  pushed \(http2.pushPromises), unwanted \(http2.pushesCancelled)",
                    http2.pushesCancelled > 0 ? .watch : .text))
        }
        for (name, end) in [(Words.server, http2.server), (Words.client, http2.client)] {
            guard let trip = end.pingRoundTrip else { continue }
            spans.append(TextSpan("  PING \(name) \(DurationText.withUnit(trip.smoothed))", .text))
        }
        if http2.undecodedBlocks > 0 {
            spans.append(TextSpan("  " + Words.undecodedHeads(http2.undecodedBlocks), .watch))
        }
        if let last = http2.server.goAway ?? http2.client.goAway {
            let error = http2.server.goAwayError ?? http2.client.goAwayError ?? ""
            spans.append(TextSpan("  \(Words.goAway) \(last) \(error)", .watch))
        }
        return spans
    }

    /// The credit that the receiver gave, how long the sender had data and none, and the rate it caps.
    private static func flowControl(_ control: HTTP2FlowControlSnapshot, _ flow: FlowSnapshot) -> [[TextSpan]] {
        guard let sender = control.sender else { return [] }
        let credit = sender == .fromServer ? control.client : control.server
        let role: StyleRole = credit.minimum <= 0 ? .watch : .text
        var spans = [
            TextSpan(Words.flowControlTitle + "  ", .title), TextSpan("connection ", .label),
            TextSpan(bytes(credit.last), .value), TextSpan(", least \(bytes(credit.minimum))", role),
            TextSpan("  streams from \(bytes(credit.streamInitial))", .text),
        ]
        if let least = credit.streamMinimum {
            spans.append(TextSpan(", least \(bytes(least))", least <= 0 ? .watch : .text))
        }
        var second = [
            TextSpan("  had data and no credit  ", .label),
            TextSpan(
                "connection \(DurationText.withUnit(control.blockedByConnection))",
                control.blockedByConnection > 0 ? .watch : .fine),
            TextSpan(
                "  streams \(DurationText.withUnit(control.blockedByStream)) (\(control.streamsBlocked))",
                control.blockedByStream > 0 ? .watch : .fine),
        ]
        if let cap = control.cap {
            second += [
                TextSpan("  window ÷ round trip ", .label), TextSpan("≤ " + RateText.withUnit(cap), .value),
                TextSpan(", now \(RateText.withUnit(flow.end(sender).rate))", .text),
            ]
        }
        return [spans, second]
    }

    /// Credit may be below none (RFC 9113 section 6.9.2).
    private static func bytes(_ credit: Int64) -> String {
        credit < 0 ? "-" + ByteText.short(credit.magnitude) : ByteText.short(credit)
    }
}
