import StreamtopBase
import StreamtopModel

/// One call in full: the set-up on one axis, the path drawn, pairs, NAT, relay, consent, legs, verdicts.
enum CallDetail {
    static func page(_ call: CallSnapshot, _ context: ViewContext, width: Int) -> TallPage {
        var page = TallPage(width: width)
        setUp(call, context, &page)
        path(call, context, &page)
        pairs(call, &page)
        nat(call, &page)
        relays(call, &page)
        consent(call, &page)
        legs(call, &page)
        verdicts(call, &page)
        flows(call, context, &page)
        return page
    }

    // MARK: Set-up

    private static func setUp(_ call: CallSnapshot, _ context: ViewContext, _ page: inout TallPage) {
        let setUp = CallSetUp(call, call.flows.compactMap { context.flow($0) })
        let labels = 17
        let starts = 8
        let words = page.width >= 110 ? 40 : 33
        let left = 1 + labels + starts + 1
        let bar = max(8, page.width - left - words - 2)
        for (index, step) in setUp.steps.enumerated() {
            page.draw(lines: 1) { area, cells in
                if index == 0 { cells.put(Words.setUp, x: 1, y: area.y, .title) }
                cells.putRight(step.name, right: 1 + labels, y: area.y, .label)
                guard let span = setUp.span, let start = step.start else {
                    cells.putRight(Words.unknown, right: left - 1, y: area.y, .unknown)
                    cells.put(Words.notSeen, x: left + bar + 2, y: area.y, .muted, maxWidth: words)
                    return
                }
                if index > 0 {
                    cells.putRight(
                        DurationText.milliseconds(start - span.lowerBound), right: left - 1, y: area.y, .label)
                } else {
                    cells.putRight("0", right: left - 1, y: area.y, .label)
                }
                let whole = max(1, span.upperBound - span.lowerBound)
                func column(_ time: Timestamp) -> Int {
                    Int(Double(time - span.lowerBound) / Double(whole) * Double(bar - 1))
                }
                let first = column(start)
                let last = column(step.end ?? start)
                let isSlow = step.end.map { $0 - start > whole / 3 } ?? false
                for position in first...max(first, last) {
                    cells.set(
                        step.end == nil ? "▏" : "█", x: left + position, y: area.y, isSlow ? .chartQueue : .gaugeFill)
                }
                let length = step.end.map { "+" + DurationText.milliseconds($0 - start) } ?? ""
                cells.putRight(length, right: left + bar + 9, y: area.y, .value)
                cells.put(step.words, x: left + bar + 11, y: area.y, .text, maxWidth: max(0, words - 9))
            }
        }
    }

    // MARK: Path

    private struct Node {
        var text: String
        var below: String
    }

    private static func path(_ call: CallSnapshot, _ context: ViewContext, _ page: inout TallPage) {
        guard let pair = call.selected.map({ call.pairs[$0] }) else {
            page.add([
                TextSpan(Words.path + "  ", .title), TextSpan(Words.unknown, .unknown),
                TextSpan("  none is in use", .muted),
            ])
            return
        }
        let allocation =
            call.allocations.first { $0.allocation.relayed == pair.local || $0.flow == pair.flow }
            ?? (pair.isRelayed || pair.localType == .relay ? call.allocations.first : nil)
        let client = allocation?.client ?? pair.local
        var nodes = [Node(text: EndpointText.text(client), below: Words.candidate(pair.localType) ?? "")]
        var links: [String] = []
        let mapped = call.mapped.first { $0.address != client.address }
        if let mapped, call.mapping != .none {
            nodes.append(Node(text: "NAT", below: EndpointText.text(mapped)))
            links.append("──")
        }
        if let allocation {
            let away =
                CallsScreen.relayTime(call, context).map {
                    ", \($0.bound.prefix)\(DurationText.withUnit($0.value)) away"
                } ?? ""
            nodes.append(
                Node(
                    text: "\(Words.relayWord) \(EndpointText.text(allocation.allocation.relayed))",
                    below: allocation.allocation.transport + away))
            links.append("──")
        }
        let trip = pair.roundTrip.map { DurationText.withUnit($0.smoothed) + " to the peer" } ?? ""
        nodes.append(
            Node(
                text: EndpointText.text(pair.remote),
                below: [Words.candidate(pair.remoteType), trip].compactMap { $0 }.filter { !$0.isEmpty }
                    .joined(separator: ", ")))
        links.append("══")
        draw(nodes, links, &page)
    }

    private static func draw(_ nodes: [Node], _ links: [String], _ page: inout TallPage) {
        let width = page.width
        let whole = nodes.reduce(7) { $0 + max(TextWidth.columns(of: $1.text), TextWidth.columns(of: $1.below)) + 4 }
        guard whole < width else {
            // Long addresses: a node a line.
            for (index, node) in nodes.enumerated() {
                let label = index == 0 ? Words.path : ""
                page.add(
                    [
                        TextSpan(label + String(repeating: " ", count: 6 - label.count), .title),
                        TextSpan(index == 0 ? "" : links[index - 1] + " ", .chartRateDown),
                        TextSpan(node.text, .accent),
                        TextSpan("  " + node.below, .muted),
                    ])
            }
            return
        }
        page.draw(lines: 2) { area, cells in
            cells.put(Words.path, x: 1, y: area.y, .title)
            var x = 7
            for (index, node) in nodes.enumerated() {
                if index > 0 {
                    cells.put(links[index - 1], x: x, y: area.y, .chartRateDown)
                    x += 3
                }
                let isEnd = index == 0 || index == nodes.count - 1
                cells.put(node.text, x: x, y: area.y, isEnd ? .accent : .watch)
                cells.put(node.below, x: x, y: area.y + 1, .muted)
                x += max(TextWidth.columns(of: node.text), TextWidth.columns(of: node.below)) + 1
            }
        }
    }

    // MARK: Pairs

    private static let pairLimit = 24

    private struct PairRow {
        var pair: CallSnapshot.Pair
        var isSelected: Bool
    }

    private static let pairColumns: [RowColumn<PairRow>] = [
        .text("", 5...5, 1) { (Words.candidate($0.pair.localType) ?? "", .muted) },
        .fitted("near end", 15...28, 0) { row, width in (EndpointText.fitted(row.pair.local, width: width), .text) },
        .text("", 5...5, 2) { (Words.candidate($0.pair.remoteType) ?? "", .muted) },
        .fitted("far end", 15...28, 0) { row, width in (EndpointText.fitted(row.pair.remote, width: width), .text) },
        .text("state", 9...9, 0) { row in
            let state = Words.pairState(row.pair, isSelected: row.isSelected)
            let role: StyleRole =
                row.isSelected
                ? .fine : row.pair.state == .failed ? .watch : row.pair.state == .succeeded ? .text : .muted
            return (state, role)
        },
        .number("asked", 5, 4) { (Words.count($0.pair.requests), .value) },
        .number("back", 4, 4) { row in
            (Words.count(row.pair.responses), row.pair.responses == 0 && row.pair.requests > 0 ? .watch : .value)
        },
        .number("rtt ms", 6, 5) { (($0.pair.roundTrip?.smoothed).map(DurationText.milliseconds), .value) },
        .number("asks us", 7, 6) { (NumberText.grouped($0.pair.requestsReceived), .text) },
        .number("answered", 8, 7) { (NumberText.grouped($0.pair.responsesSent), .text) },
    ]

    private static func pairs(_ call: CallSnapshot, _ page: inout TallPage) {
        guard !call.pairs.isEmpty else { return }
        let table = RowTable(pairColumns, width: page.width - 4, from: 3)
        page.draw(lines: 1) { area, cells in
            table.drawTitles(y: area.y, into: &cells)
            cells.put(Words.pairs, x: 1, y: area.y, .title)
        }
        for (index, pair) in call.pairs.enumerated().prefix(pairLimit) {
            page.draw(lines: 1) { area, cells in
                if index == call.selected { cells.set("▶", x: 1, y: area.y, .accent) }
                table.draw(PairRow(pair: pair, isSelected: index == call.selected), y: area.y, into: &cells)
            }
        }
        if call.pairs.count > pairLimit {
            page.add([TextSpan("… \(call.pairs.count - pairLimit) more", .muted)], x: 3)
        }
    }

    // MARK: NAT, relay, consent

    private static func nat(_ call: CallSnapshot, _ page: inout TallPage) {
        let direct = call.pairs.filter { !$0.isRelayed && $0.localType != .relay }
        let allFailed = !direct.isEmpty && direct.allSatisfy { $0.state == .failed && $0.requestsReceived == 0 }
        page.addSentence([TextSpan(Words.natTitle + "   ", .title)], Words.nat(call, allFailed: allFailed), .text)
    }

    private static func relays(_ call: CallSnapshot, _ page: inout TallPage) {
        for one in call.allocations.prefix(4) {
            let allocation = one.allocation
            var spans = [
                TextSpan(Words.relayTitle + " ", .title), TextSpan(allocation.transport + " ", .badge),
                TextSpan("\(EndpointText.text(one.client)) → \(EndpointText.text(one.server))", .text),
                TextSpan("  " + ByteText.short(allocation.bytes), .value), TextSpan(" relayed", .label),
            ]
            if allocation.isGone { spans.append(TextSpan("  given back", .muted)) }
            page.add(spans)
            var second: [TextSpan] = []
            if let lapse = allocation.lapsed {
                second.append(TextSpan("the \(lapse.rawValue) ran out while the client went on sending  ", .act))
            }
            if !allocation.isGone {
                second.append(
                    TextSpan(
                        Words.lifetime("allocation", allocation.expiresIn, of: allocation.lifetime),
                        allocation.expiresIn < 0 ? .act : .text))
                if let left = allocation.permissionExpiresIn {
                    second.append(
                        TextSpan("  " + Words.lifetime("permission", left, of: 300), left < 0 ? .watch : .text))
                }
                if let left = allocation.channelExpiresIn {
                    second.append(TextSpan("  " + Words.lifetime("channel", left, of: 600), left < 0 ? .watch : .text))
                }
            }
            page.add(second, x: 7)
        }
    }

    private static func consent(_ call: CallSnapshot, _ page: inout TallPage) {
        var spans = [TextSpan(Words.iceTitle + "   ", .title)]
        if let consent = call.consent {
            spans += [
                TextSpan(Words.consentTitle + " ", .label),
                TextSpan(Words.consent(consent), consent.lost > 2 ? .watch : .text), TextSpan("   ", .text),
            ]
        }
        if page.width < 100, spans.count > 1 {
            page.add(spans)
            spans = [TextSpan("      ", .title)]
        }
        if let agent = call.controlling {
            spans += [TextSpan("controlling ", .label), TextSpan(Words.agent(agent), .text)]
        }
        spans += call.lite.map { [TextSpan("   lite ", .label), TextSpan(Words.agent($0), .text)] } ?? []
        if call.restarts > 0 { spans.append(TextSpan("   restarts \(call.restarts)", .watch)) }
        if call.roleConflicts > 0 { spans.append(TextSpan("   role conflicts \(call.roleConflicts)", .watch)) }
        if spans.count > 1 { page.add(spans) }
    }

    // MARK: Legs, verdicts, flows

    private static func legs(_ call: CallSnapshot, _ page: inout TallPage) {
        for (index, leg) in call.legs.prefix(8).enumerated() {
            let isWide = page.width >= 100
            let delay = leg.delay.map {
                DurationText.milliseconds($0.p50) + " ms" + (isWide ? ", p95 \(DurationText.milliseconds($0.p95))" : "")
            }
            page.add([
                TextSpan(index == 0 ? Words.legsTitle + "  " : "      ", .title),
                TextSpan("\(Words.source(leg.incoming.source)) → \(Words.source(leg.outgoing.source))", .accent),
                TextSpan("  in ", .label), TextSpan("\(leg.lostIn) lost", leg.lostIn > 0 ? .watch : .fine),
                TextSpan("  box ", .label), TextSpan("\(leg.lostInBox) lost, \(delay ?? Words.unknown)", .text),
                TextSpan("  out ", .label),
                leg.lostOut.map { TextSpan("\($0) lost", $0 > 0 ? .watch : .fine) }
                    ?? TextSpan(Words.unknown, .unknown),
                TextSpan("  " + Words.legJoin(leg), .muted),
            ])
        }
    }

    private static func verdicts(_ call: CallSnapshot, _ page: inout TallPage) {
        for verdict in call.verdicts.sorted(by: { $0.isDisplayedBefore($1) }) {
            let sign = String(Character(Words.severitySign(verdict.severity)))
            page.addSentence(
                [TextSpan(sign + " ", Words.severityRole(verdict.severity))],
                Words.rule(verdict) + ": " + verdict.summary, Words.severityRole(verdict.severity))
            let evidence = verdict.evidence.map { Words.evidence($0) }.joined(separator: ", ")
            let trust = Words.confidence(verdict.confidence) + ", " + Words.ruleNumber(verdict.ruleNumber)
            page.addSentence(
                [TextSpan(Words.evidenceLabel + " ", .label)], evidence.isEmpty ? trust : evidence + "; " + trust,
                .text,
                x: 3)
            if !verdict.advice.isEmpty {
                page.addSentence([TextSpan(Words.adviceLabel, .label)], verdict.advice, .text, x: 3)
            }
        }
    }

    private static func flows(_ call: CallSnapshot, _ context: ViewContext, _ page: inout TallPage) {
        for (index, identifier) in call.flows.prefix(24).enumerated() {
            var spans = [TextSpan(index == 0 ? Words.callFlows + " " : "      ", .title)]
            guard let flow = context.flow(identifier) else {
                spans += [
                    TextSpan(Words.flowNumber(identifier) + "  ", .accent), TextSpan("has left the table", .muted),
                ]
                page.add(spans)
                continue
            }
            spans += [
                TextSpan(Words.flowNumber(identifier) + "  ", .accent),
                TextSpan("\(EndpointText.full(flow.client)) → \(EndpointText.full(flow.displayedServer))", .text),
                TextSpan("  " + flow.displayedProtocols.joined(separator: " "), .badge),
                TextSpan("  ▲ \(RateText.short(flow.client.rate)) ▼ \(RateText.short(flow.server.rate))", .label),
            ]
            page.add(spans)
        }
    }
}
