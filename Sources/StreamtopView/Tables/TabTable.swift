import StreamtopModel

/// A tab of a flow's screen.
struct FlowTab: Equatable, Sendable {
    var name: String
    /// Time runs across it: keys move the cursor and the zoom. Other tabs scroll.
    var isTimeline = false
    /// There is something on it; else it has no tab.
    var isPresent: @Sendable (FlowSnapshot) -> Bool = { _ in true }
    var draw: @Sendable (FlowSnapshot, OpenFlow, ViewContext, FlowLayout, inout CellBuffer) -> Void

    static func == (left: FlowTab, right: FlowTab) -> Bool { left.name == right.name }
}

/// The tabs of a flow's screen, left to right. A new tab is a new row.
enum TabTable {
    static let rows: [FlowTab] = [.charts, LadderTab.tab, .handshake, .http, .webSocket, .channels, .facts, .events]

    /// Tabs with something on them, and the one that is open.
    static func present(_ flow: FlowSnapshot?, _ open: FlowTab) -> [FlowTab] {
        rows.filter { tab in tab == open || flow.map { tab.isPresent($0) } ?? true }
    }

    static func tabs(_ flow: FlowSnapshot?, _ open: FlowTab, width: Int) -> TabBar.Tabs<FlowTab> {
        TabBar.Tabs(present(flow, open).map { ($0, nil, $0.name) }, active: open, width: width)
    }

    /// The tab so many further on, round and round.
    static func tab(_ steps: Int, from tab: FlowTab, _ flow: FlowSnapshot?) -> FlowTab {
        let rows = present(flow, tab)
        let now = rows.firstIndex(of: tab) ?? 0
        return rows[(now + steps % rows.count + rows.count) % rows.count]
    }
}

extension FlowTab {
    static let charts = FlowTab(name: "Charts", isTimeline: true) { flow, open, context, layout, cells in
        FlowCharts(
            flow: flow, open: open, context: context,
            layout: ChartsLayout(content: layout.content, charts: ChartTable.rows(of: flow).count)
        ).draw(titleLine: layout.tabs, into: &cells)
    }

    static let handshake = FlowTab(name: "Handshake") { flow, open, _, layout, cells in
        HandshakeTab.draw(flow, scroll: open.scroll, in: layout.content, into: &cells)
    }

    /// A call's flow has none, and nobody looks for any there.
    static let http = FlowTab(
        name: "HTTP",
        isPresent: { $0.http != nil || ($0.dtls == nil && $0.sctp == nil && $0.stun == nil && $0.rtp.isEmpty) },
        draw: { flow, open, _, layout, cells in
            HTTPTab.draw(flow, scroll: open.scroll, in: layout.content, into: &cells)
        })

    static let facts = FlowTab(name: "Facts") { flow, open, context, layout, cells in
        FactsPane.draw(FlowFacts.groups(flow, context), in: layout.content, scroll: open.scroll, into: &cells)
    }

    static let events = FlowTab(name: "Events") { flow, open, context, layout, cells in
        FlowEventsTab.draw(flow, open, context, layout.content, into: &cells)
    }
}
