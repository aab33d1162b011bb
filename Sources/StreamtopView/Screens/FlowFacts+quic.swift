import StreamtopBase
import StreamtopModel

/// What a sender's transport shows of its window, and the end of a QUIC connection as sender.
extension FlowFacts {
    static func addWindow(
        _ flight: InFlightSnapshot?, _ window: CongestionWindowSnapshot?, _ control: CongestionControlSnapshot?,
        to group: inout FactGroup
    ) {
        if let flight {
            let sign = flight.isLowerBound ? "≥" : ""
            group.add(
                Words.flightLabel,
                [
                    TextSpan(sign, .estimate), TextSpan(ByteText.short(flight.last), .value),
                    TextSpan("  p50 \(ByteText.short(flight.p50))  max \(ByteText.short(flight.maximum))", .text),
                ])
        }
        if let window {
            let sign = window.isLowerBound ? "≥" : window.source == .kernel ? "" : "~"
            group.add(
                Words.windowLabel,
                [
                    TextSpan(sign, .estimate), TextSpan(ByteText.short(window.bytes), .value),
                    TextSpan("  max \(ByteText.short(window.maximum))", .text),
                    TextSpan("  \(window.source.rawValue) \(Words.confidence(window.confidence))", .muted),
                    TextSpan(window.phase.map { "  " + Words.phase($0) } ?? "", .label),
                ])
        }
        if let control {
            group.add(
                Words.control,
                [
                    TextSpan(
                        control.name == .unknown ? Words.unknownControl : control.name.rawValue.uppercased(), .value),
                    TextSpan("  \(control.source.rawValue) \(Words.confidence(control.confidence))", .muted),
                ])
            if !control.evidence.isEmpty { group.addSentence("", control.evidence.joined(separator: "; "), .text) }
        }
    }

    static func quicEndpoint(_ endpoint: QUICEndpointSnapshot, _ direction: Direction, _ flow: FlowSnapshot)
        -> FactGroup
    {
        var group = FactGroup(Words.senderGroup(direction))
        guard let acked = endpoint.ackedPackets else {
            group.add(Words.sent, RateText.withUnit(flow.end(direction).rate), .text)
            if let size = endpoint.pathMTU { group.add(Words.largestDatagram, "\(size) B", .text) }
            return group
        }
        group.add(
            Words.sent,
            [
                TextSpan(ByteText.short(endpoint.streamBytes ?? 0), .value),
                TextSpan(
                    "  \(endpoint.streams ?? 0) \(Words.streams)  \(RateText.withUnit(flow.end(direction).rate))", .text
                ),
            ])
        let loss = endpoint.lossRatio
        group.add(
            Words.lossLabel,
            [
                loss.map { TextSpan(PercentText.ratio($0), $0 > 0 ? .watch : .fine) }
                    ?? TextSpan(Words.unknown, .unknown),
                TextSpan(
                    "  " + Words.quicLoss(endpoint.lostPackets ?? 0, of: acked, spurious: endpoint.spuriousLosses ?? 0),
                    .text),
            ])
        addWindow(endpoint.inFlight, endpoint.congestionWindow, endpoint.congestionControl, to: &group)
        if let blocked = endpoint.flowControlBlocked, blocked > 0 {
            group.add(Words.limitedBy, Words.flowControl(blocked), .watch)
        }
        if let size = endpoint.pathMTU { group.add(Words.largestDatagram, "\(size) B", .text) }
        return group
    }
}
