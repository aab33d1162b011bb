import StreamtopBase
import StreamtopModel

/// Which congestion control each flow has and how it behaves here, those of one name together.
enum CongestionScreen {
    static let page = list.row(
        name: "Congestion", digit: nil,
        count: { snapshot in snapshot.flows.count { ($0.displayedCongestionControl?.name ?? .unknown) != .unknown } })

    private static let list = ListPage<FlowSnapshot>(
        page: .congestion,
        rows: { state, context in
            let flows = context.snapshot.flows.filter { flow in
                flow.displayedCongestionControl != nil && (state.filter == .all || state.filter.matches(flow))
            }
            return flows.enumerated().sorted { left, right in
                let (a, b) = (name(left.element), name(right.element))
                if a != b { return a == unknownName ? false : b == unknownName ? true : a < b }
                return left.offset < right.offset
            }.map(\.element)
        },
        key: { $0.identifier.number },
        columns: columns,
        severity: { $0.worstVerdict?.severity },
        detail: { flow, list in detail(flow, list) },
        detailLines: 9,
        flow: { flow, _ in flow.identifier },
        empty: { state, _ in state.filter == .all ? Words.noControls : [Words.noControlPasses] })

    private static let unknownName = CongestionControlName.unknown.rawValue

    private static func name(_ flow: FlowSnapshot) -> String {
        flow.displayedCongestionControl?.name.rawValue ?? unknownName
    }

    private static let columns: [RowColumn<FlowSnapshot>] = [
        .text("control", 8...10, 0) { flow in
            guard let control = flow.displayedCongestionControl, control.name != .unknown else {
                return (nil, .unknown)
            }
            return ((control.source == .kernel ? "" : "~") + control.name.rawValue.uppercased(), .value)
        },
        .text("flow", 20...44, 0) { (Words.ends($0), $0.isIdle ? .idle : .text) },
        .text("phase", 10...20, 4) { flow in
            let window = flow.tcp?[flow.mainSender].congestionWindow ?? flow.quic?[flow.mainSender].congestionWindow
            return ((window?.phase).map { Words.phase($0) }, .label)
        },
        .number("cwnd", 6, 3) { flow in
            (flow.displayedCongestionWindow.map { $0.bound.prefix + ByteText.short($0.value) }, .value)
        },
        .number("goodput", 7, 1) { flow in
            (
                flow.tcp?[flow.mainSender].goodput.map(RateText.short)
                    ?? RateText.short(flow.end(flow.mainSender).rate), .value
            )
        },
        .number("loss", 5, 2) { flow in
            (flow.displayedLossRatio.map(PercentText.ratio), (flow.displayedLossRatio ?? 0) > 0.01 ? .watch : .text)
        },
        .number("q p95", 6, 1) { flow in (flow.worstQueue.map(DurationText.axis), .chartQueue) },
        .number("rtt", 6, 5) { flow in (flow.displayedRoundTrip.map { DurationText.axis($0.value) }, .text) },
        .number("sure", 4, 6) { flow in
            (flow.displayedCongestionControl.map { PercentText.whole($0.confidence) }, .muted)
        },
    ]

    // MARK: Side by side

    private struct Group {
        var name: String
        var flows: [FlowSnapshot]

        func median(_ value: (FlowSnapshot) -> Double?) -> Double? {
            let values = flows.compactMap(value).sorted()
            return values.isEmpty ? nil : values[values.count / 2]
        }
    }

    private static let groupColumns: [RowColumn<Group>] = [
        .text("side by side", 12...14, 0) { group in
            (group.name == unknownName ? "not told apart" : group.name.uppercased(), .value)
        },
        .number("flows", 5, 0) { ("\($0.flows.count)", .text) },
        .number("goodput", 8, 1) { group in
            (
                group.median { flow in flow.tcp?[flow.mainSender].goodput ?? flow.end(flow.mainSender).rate }.map(
                    RateText.short), .value
            )
        },
        .number("q p95 ms", 8, 1) { group in
            (
                group.median { $0.worstQueue.map(Double.init) }.map { DurationText.milliseconds(Nanoseconds($0)) },
                .chartQueue
            )
        },
        .number("loss", 6, 2) { group in (group.median { $0.displayedLossRatio }.map(PercentText.ratio), .text) },
        .number("rtt ms", 7, 3) { group in
            (
                group.median { $0.displayedRoundTrip.map { Double($0.value) } }.map {
                    DurationText.milliseconds(Nanoseconds($0))
                }, .text
            )
        },
        .text("(medians)", 9...9, 4) { _ in ("", .text) },
    ]

    private static func detail(_ flow: FlowSnapshot, _ list: ListView) -> TallPage {
        var page = TallPage(width: list.width)
        var groups: [Group] = []
        for flow in list.context.snapshot.flows where flow.displayedCongestionControl != nil {
            if let position = groups.firstIndex(where: { $0.name == name(flow) }) {
                groups[position].flows.append(flow)
            } else {
                groups.append(Group(name: name(flow), flows: [flow]))
            }
        }
        groups.sort { $0.flows.count > $1.flows.count }
        let table = RowTable(groupColumns, width: page.width - 3, from: 1)
        page.draw(lines: 1) { area, cells in table.drawTitles(y: area.y, into: &cells) }
        for group in groups.prefix(6) {
            page.draw(lines: 1) { area, cells in table.draw(group, y: area.y, into: &cells) }
        }
        page.skip()
        if let control = flow.displayedCongestionControl {
            let evidence =
                control.evidence.isEmpty ? "the trace does not prove one" : control.evidence.joined(separator: "; ")
            page.addSentence([TextSpan(Words.ends(flow) + "  ", .accent)], evidence, .text)
            page.add([
                TextSpan("from ", .label), TextSpan(control.source.rawValue, .text),
                TextSpan("  " + Words.confidence(control.confidence), .muted),
            ])
        }
        if let endpoint = flow.tcp?[flow.mainSender] {
            if let shares = endpoint.limitedBy, let text = Words.limits(shares) {
                page.add([TextSpan(Words.limitedBy + " ", .label), TextSpan(text, .text)])
            }
            let kinds = Words.lossKinds(endpoint.loss)
            if !kinds.isEmpty { page.add([TextSpan(Words.lossLabel + " ", .label), TextSpan(kinds, .text)]) }
            page.add([
                TextSpan(Words.retransmissions + " ", .label),
                TextSpan(NumberText.grouped(endpoint.retransmissions.packets), .value),
                TextSpan("  " + Words.causes(endpoint.retransmissions), .text),
            ])
        }
        return page
    }
}
