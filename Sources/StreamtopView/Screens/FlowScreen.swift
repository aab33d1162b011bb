import StreamtopBase
import StreamtopModel

/// One flow: what it is, what holds it back, then charts, facts or events.
enum FlowScreen {
    static func draw(_ open: OpenFlow, _ context: ViewContext, _ state: ViewState, into cells: inout CellBuffer) {
        let layout = FlowLayout(state, context)
        guard let index = context.snapshot.flowIndex(open.flow) else {
            cells.put(
                Words.flowGone(open.flow), x: 2, y: layout.content.y + 1, .watch, maxWidth: layout.content.width - 4)
            return
        }
        let flow = context.snapshot.flows[index]
        drawIdentity(flow, isRecorded: context.recordings.flows.contains(open.flow), layout.identity, &cells)
        HeadlineView.of(flow).draw(in: layout.headline, into: &cells)
        TabBar.draw(tabs(open, flow, layout), in: layout.tabs, into: &cells)
        open.tab.draw(flow, open, context, layout, &cells)
    }

    /// The tabs as they stand; the span of the charts is named on the same line.
    static func tabs(_ open: OpenFlow, _ flow: FlowSnapshot?, _ layout: FlowLayout) -> TabBar.Tabs<FlowTab> {
        TabTable.tabs(flow, open.tab, width: layout.tabs.width - (open.tab.isTimeline ? 12 : 0))
    }

    private static func drawIdentity(
        _ flow: FlowSnapshot, isRecorded: Bool, _ area: Rect, _ cells: inout CellBuffer
    ) {
        let ends = [
            TextSpan(EndpointText.full(flow.client), .accent), TextSpan(" \(Words.arrow) ", .muted),
            TextSpan(EndpointText.full(flow.displayedServer), .accent), TextSpan("  ", .text),
        ]
        let protocols = [TextSpan(flow.displayedProtocols.joined(separator: " "), .badge), TextSpan("  ", .text)]
        let state = [TextSpan(Words.state(flow) + " ", .label), TextSpan(DurationText.age(flow.age), .value)]
        var spans = ends + protocols + state
        // A long list of protocols, as calls have it, stands last: it may be cut, the state not.
        let isLong = spans.reduce(0) { $0 + TextWidth.columns(of: $1.text) } > area.width - 2
        if isLong { spans = ends + state }
        if isRecorded { spans.append(TextSpan("  " + Words.recording, .act)) }
        if flow.tcp != nil { spans.append(TextSpan("  " + Words.vantage(flow.tcp?.vantage), .label)) }
        if let control = flow.displayedCongestionControl, control.name != .unknown {
            let sign = control.source == .kernel ? "" : "~"
            spans += [
                TextSpan("  " + sign, .estimate), TextSpan(control.name.rawValue.uppercased(), .value),
            ]
        }
        if let vlan = flow.vlan { spans.append(TextSpan("  vlan \(vlan)", .label)) }
        if let tunnel = flow.tunnel { spans.append(TextSpan("  " + Words.tunnel(tunnel), .label)) }
        spans.append(TextSpan("  " + Words.flowNumber(flow.identifier), .muted))
        if isLong { spans += [TextSpan("  ", .text)] + protocols }
        cells.put(spans, x: area.x + 1, y: area.y, maxWidth: area.width - 2)
    }
}
