import StreamtopBase
import StreamtopModel

/// All that is known of a flow, as groups of facts.
enum FlowFacts {
    /// Two lines for small screens.
    static func summary(_ flow: FlowSnapshot) -> [[TextSpan]] {
        var first: [TextSpan] = []
        func add(_ label: String, _ text: String?) {
            first += [
                TextSpan((first.isEmpty ? "" : "  ") + label + " ", .label),
                text.map { TextSpan($0, .value) } ?? TextSpan(Words.unknown, .unknown),
            ]
        }
        add(Words.handshake, flow.roundTrip.handshake.map(DurationText.withUnit))
        if let duration = flow.tls?.handshake.duration { add("tls", DurationText.withUnit(duration)) }
        if let tcp = flow.tcp {
            let endpoint = tcp[flow.mainSender]
            add("mss", endpoint.mssBytes.map(String.init))
            add(Words.windowScale, endpoint.windowScale.map(String.init))
            if let shares = endpoint.limitedBy, let text = Words.limits(shares) { add(Words.limitedBy, text) }
        }
        var second: [TextSpan] = []
        let ladder = BufferLadder(flow)
        for rung in ladder.rungs.sorted(by: { ($0.delay ?? -1) > ($1.delay ?? -1) }) {
            guard let delay = rung.delay else { continue }
            second += [
                TextSpan("  " + Words.buffer(rung.buffer) + " ", .label),
                TextSpan(DurationText.withUnit(delay), .value),
            ]
        }
        if !second.isEmpty { second.insert(TextSpan(Words.buffersShort + " ", .muted), at: 0) }
        return [first, second]
    }

    static func groups(_ flow: FlowSnapshot, _ context: ViewContext) -> [FactGroup] {
        var groups = [roundTrip(flow), buffers(flow), verdicts(flow)]
        if let tcp = flow.tcp {
            let main = flow.mainSender
            groups += [endpoint(tcp[main], main, flow), endpoint(tcp[main.reversed], main.reversed, flow)]
        } else if let quic = flow.quic {
            let main = flow.mainSender
            groups += [quicEndpoint(quic[main], main, flow), quicEndpoint(quic[main.reversed], main.reversed, flow)]
        }
        groups += feeds(flow)
        groups += stun(flow) + [handshake(flow), identity(flow, context), rare(flow)]
        return groups
    }

    // MARK: Groups

    private static func roundTrip(_ flow: FlowSnapshot) -> FactGroup {
        var group = FactGroup(Words.roundTripGroup)
        let parts = [
            (Words.toServer, flow.roundTrip.server, flow.queueDelay.server),
            (Words.toClient, flow.roundTrip.client, flow.queueDelay.client),
            (Words.wholeLoop, flow.roundTrip.total, nil),
        ]
        for (label, summary, queue) in parts {
            guard let summary else {
                group.add(label, nil)
                continue
            }
            let figures = [summary.minimum, summary.p50, summary.p95, summary.maximum].map(DurationText.milliseconds)
            group.add(
                label,
                [
                    TextSpan(DurationText.milliseconds(summary.smoothed), .value), TextSpan(" ms  ", .unit),
                    TextSpan(figures.joined(separator: " / "), .text),
                    TextSpan("  ±" + DurationText.milliseconds(summary.jitter), .text),
                    TextSpan("  " + Words.source(summary.source) + " \(NumberText.grouped(summary.samples))×", .muted),
                ])
            if let queue {
                group.add(
                    "  " + Words.queueLabel,
                    [
                        TextSpan(DurationText.milliseconds(queue.last), .value), TextSpan(" ms  ", .unit),
                        TextSpan(
                            "p95 \(DurationText.milliseconds(queue.p95))  max \(DurationText.milliseconds(queue.maximum))",
                            .text),
                    ])
            }
        }
        group.title += "  " + Words.roundTripLegend
        return group
    }

    private static func buffers(_ flow: FlowSnapshot) -> FactGroup {
        var group = FactGroup(Words.buffersGroup)
        let ladder = BufferLadder(flow)
        for (position, rung) in ladder.rungs.enumerated() {
            let buffer = rung.buffer
            guard rung.delay != nil || buffer.occupiedBytes != nil else {
                group.add(Words.buffer(buffer), nil)
                continue
            }
            var text = rung.delay.map(DurationText.withUnit) ?? Words.unknown + " ms"
            if let occupied = buffer.occupiedBytes {
                text += "  " + ByteText.short(occupied)
                if let capacity = buffer.capacityBytes { text += " \(Words.of) " + ByteText.short(capacity) }
            }
            text += "  " + Words.bufferSource(buffer.source)
            if buffer.confidence < 1 { text += " " + Words.confidence(buffer.confidence) }
            let isLargest = position == ladder.largest
            group.addGauge(
                Words.buffer(buffer), ladder.share(rung), text + (isLargest ? "  ◀ " + Words.largest : ""),
                isLargest ? .chartQueue : .gaugeFill)
        }
        return group
    }

    private static func verdicts(_ flow: FlowSnapshot) -> FactGroup {
        var group = FactGroup(Words.verdictsGroup)
        for verdict in flow.verdicts.sorted(by: { $0.isDisplayedBefore($1) }) {
            let sign = String(Character(Words.severitySign(verdict.severity)))
            group.addSentence(sign + " " + Words.rule(verdict), verdict.summary, Words.severityRole(verdict.severity))
            let evidence = verdict.evidence.map { Words.evidence($0) }.joined(separator: "  ")
            if !evidence.isEmpty { group.addSentence("  " + Words.evidenceLabel, evidence, .text) }
            group.addSentence("  " + Words.adviceShort, verdict.advice, .text)
            group.add(
                "  " + Words.trust, Words.confidence(verdict.confidence) + "  " + Words.ruleNumber(verdict.ruleNumber),
                .muted)
        }
        return group
    }

    private static func endpoint(_ endpoint: TCPEndpointSnapshot, _ direction: Direction, _ flow: FlowSnapshot)
        -> FactGroup
    {
        var group = FactGroup(Words.senderGroup(direction))
        let end = flow.end(direction)
        group.add(
            Words.sent,
            [
                TextSpan(ByteText.short(endpoint.uniqueBytes), .value),
                TextSpan(
                    "  \(NumberText.grouped(endpoint.dataSegments)) \(Words.segments)  \(RateText.withUnit(end.rate))",
                    .text),
                TextSpan(endpoint.maxRate.map { "  max " + RateText.withUnit($0) } ?? "", .muted),
            ])
        if let loss = endpoint.lossRatio {
            group.add(
                Words.lossLabel,
                [
                    TextSpan(PercentText.ratio(loss), loss > 0 ? .watch : .fine),
                    TextSpan("  " + Words.lossKinds(endpoint.loss), .text),
                ])
        } else {
            group.add(Words.lossLabel, nil)
        }
        group.add(
            Words.retransmissions,
            [
                TextSpan(NumberText.grouped(endpoint.retransmissions.packets), .value),
                TextSpan("  " + Words.causes(endpoint.retransmissions), .text),
            ])
        group.add(
            Words.disorder,
            "\(endpoint.outOfOrder) \(Words.outOfOrder)  \(endpoint.duplicateAcks) \(Words.duplicateAcks)  \(endpoint.lostBeforeCapture) \(Words.missed)",
            .text)
        addWindow(endpoint.inFlight, endpoint.congestionWindow, endpoint.congestionControl, to: &group)
        if let window = endpoint.receiveWindow {
            let sign = window.scaleUnknown ? "≥" : ""
            group.add(
                Words.receiveLabel,
                [
                    TextSpan(sign + ByteText.short(window.last), .value),
                    TextSpan(
                        "  max \(ByteText.short(window.maximum))  \(Words.unread) \(ByteText.short(window.occupied))",
                        .text),
                    TextSpan(Words.zeroWindow(endpoint), .watch),
                ])
        }
        if let shares = endpoint.limitedBy, let text = Words.limits(shares) { group.add(Words.limitedBy, text, .text) }
        if let pacing = endpoint.pacing { group.add(Words.pacing, pacing ? Words.yes : Words.no, .text) }
        return group
    }

    private static func handshake(_ flow: FlowSnapshot) -> FactGroup {
        var group = FactGroup(Words.handshake.capitalizedFirst)
        group.add("tcp", flow.roundTrip.handshake.map(DurationText.withUnit))
        if let tcp = flow.tcp {
            if tcp.synRetransmissions + tcp.synAckRetransmissions > 0 {
                group.add(Words.synAgain, "SYN \(tcp.synRetransmissions)  SYN-ACK \(tcp.synAckRetransmissions)", .watch)
            }
            for (name, endpoint) in [(Words.client, tcp.client), (Words.server, tcp.server)] {
                group.add(name, Words.options(endpoint), .text)
            }
        } else {
            group.lines.removeAll()
        }
        if let tls = flow.tls {
            let kind = tls.handshake.kind.rawValue + (tls.handshake.roundTrips.map { "  \($0) rtt" } ?? "")
            group.add(
                "tls",
                [
                    TextSpan(tls.handshake.duration.map(DurationText.withUnit) ?? Words.unknown, .value),
                    TextSpan("  \(tls.version ?? Words.unknown)  \(kind)  \(tls.alpn ?? "")", .text),
                ])
            if let cipher = tls.cipherSuite {
                group.add("", [cipher, tls.group].compactMap { $0 }.joined(separator: "  "), .text)
            }
        }
        return group
    }

    private static func identity(_ flow: FlowSnapshot, _ context: ViewContext) -> FactGroup {
        var group = FactGroup(Words.flowGroup)
        group.add(Words.protocols, flow.protocols.joined(separator: " "), .text)
        if let media = flow.moq {
            let draft = media.draft.map { "  draft \($0)" } ?? ""
            let pace = media.groupInterval.map { ", one every \(DurationText.withUnit($0.p50))" } ?? ""
            group.add(
                "media over QUIC", "\(media.name)\(draft)  \(NumberText.grouped(media.groups)) groups\(pace)", .text)
        }
        group.add(
            Words.started,
            DurationText.timeOfDay(flow.start, utcOffsetSeconds: context.utcOffsetSeconds, tenths: true) + "  "
                + DurationText.age(flow.age), .text)
        for (name, end) in [(Words.client, flow.client), (Words.server, flow.displayedServer)] {
            group.add(
                name,
                "\(EndpointText.full(end))  \(NumberText.grouped(end.packets)) \(Words.packets)  \(ByteText.short(end.bytes))",
                .text)
        }
        if end(flow.server, isNamed: flow.displayedServer) {
            group.add("", EndpointText.text(flow.server.endpoint), .muted)
        }
        group.add(Words.oriented, Words.orientation(flow.orientation), .text)
        if flow.tcp != nil { group.add(Words.tap, Words.vantage(flow.tcp?.vantage), .text) }
        if let sizes = flow.datagramSizes {
            for (name, size) in [(Words.client, sizes.client), (Words.server, sizes.server)] {
                group.add(
                    Words.datagrams(name),
                    "\(size.minimum) … \(size.maximum) B, \(Words.mean) \(NumberText.fixed(size.mean, decimals: 0))",
                    .text)
            }
        }
        group.add(Words.communityID, flow.communityID?.text ?? "", .muted)
        return group
    }

    private static func end(_ end: EndpointSnapshot, isNamed displayed: EndpointSnapshot) -> Bool {
        displayed.name != nil
    }

    private static func rare(_ flow: FlowSnapshot) -> FactGroup {
        var group = FactGroup(Words.anomaliesGroup)
        for anomaly in flow.anomalies.sorted {
            group.add(String(anomaly.name.map { $0 == "_" ? " " : $0 }), NumberText.grouped(anomaly.count), .watch)
        }
        if flow.decode.truncated > 0 {
            group.add(Words.decodeTruncated, NumberText.grouped(flow.decode.truncated), .text)
        }
        if flow.decode.malformed > 0 {
            group.add(Words.decodeMalformed, NumberText.grouped(flow.decode.malformed), .watch)
        }
        if flow.decode.gaps > 0 {
            group.add(Words.decodeGaps, "\(flow.decode.gaps)  \(ByteText.short(flow.decode.gapBytes))", .watch)
        }
        if let pieces = flow.fragmentation {
            group.add(Words.fragments, "\(pieces.fragments)  \(Words.incomplete) \(pieces.incomplete)", .text)
            if let newest = pieces.tooBig.last {
                group.add(Words.tooBig, "MTU \(newest.mtu), \(pieces.tooBig.count)×", .watch)
            }
            if pieces.blackHoleSuspected { group.add(Words.blackHole, Words.suspected, .act) }
        }
        return group
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
