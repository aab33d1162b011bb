import StreamtopModel

/// A tab of a flow's screen.
struct FlowTab: Equatable, Sendable {
    var name: String
    /// Time runs across it: keys move the cursor and the zoom. Other tabs scroll.
    var isTimeline = false
    var draw: @Sendable (FlowSnapshot, OpenFlow, ViewContext, FlowLayout, inout CellBuffer) -> Void

    static func == (left: FlowTab, right: FlowTab) -> Bool { left.name == right.name }
}

/// The tabs of a flow's screen, left to right. A new tab is a new row.
enum TabTable {
    static let rows: [FlowTab] = [.charts, .handshake, .http, .facts, .events]

    static var names: [String] { rows.map(\.name) }

    static func index(of tab: FlowTab) -> Int { rows.firstIndex(of: tab) ?? 0 }

    /// The tab so many further on, round and round.
    static func tab(_ steps: Int, from tab: FlowTab) -> FlowTab {
        rows[(index(of: tab) + steps % rows.count + rows.count) % rows.count]
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

    static let http = FlowTab(name: "HTTP") { flow, open, _, layout, cells in
        HTTPTab.draw(flow, scroll: open.scroll, in: layout.content, into: &cells)
    }

    static let facts = FlowTab(name: "Facts") { flow, open, context, layout, cells in
        FactsPane.draw(FlowFacts.groups(flow, context), in: layout.content, scroll: open.scroll, into: &cells)
    }

    static let events = FlowTab(name: "Events") { flow, open, context, layout, cells in
        FlowEventsTab.draw(flow, open, context, layout.content, into: &cells)
    }
}
