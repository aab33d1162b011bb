import StreamtopBase
import StreamtopModel

/// Where the parts of a screen stand. The reducer asks it, too: a click means what is drawn there.
struct ScreenLayout {
    /// The header line; always there.
    var header: Rect
    /// Between header and bottom.
    var body: Rect
    /// The seek bar; empty when there is no replay.
    var seek: Rect
    /// Key hints, the prompt or a notice.
    var footer: Rect

    init(width: Int, height: Int, hasReplay: Bool) {
        var rest = Rect(x: 0, y: 0, width: width, height: height)
        header = rest.takeTop(1)
        footer = rest.takeBottom(rest.height > 1 ? 1 : 0)
        seek = rest.takeBottom(hasReplay && height >= 12 ? 1 : 0)
        body = rest
    }

    init(_ state: ViewState, _ context: ViewContext) {
        self.init(width: state.width, height: state.height, hasReplay: context.replay != nil)
    }
}

/// The pages behind the tabs: headline, tabs, content and a line of totals; on tall screens also the selected flow.
struct PageLayout {
    /// From this many rows on, the selected flow's charts stand below the table.
    static let leastHeightForPreview = 30

    var headline: Rect
    var tabs: Rect
    var columns: Rect
    var content: Rect
    var totals: Rect
    /// A title line and charts; empty where they do not fit or are switched off.
    var preview: Rect
    /// Where the selected flow waits, in one line; empty on a low screen.
    var ladder = Rect(x: 0, y: 0, width: 0, height: 0)

    /// From this many rows on a line is spent on it.
    private static let leastHeightForLadder = 18

    /// - Parameters:
    ///   - headlineLines: what the headline would like; it gets more than its share where rows would be empty.
    ///   - rows: rows of the content that are in use.
    init(body: Rect, hasPreview: Bool, headlineLines: Int = 0, rows: Int = .max) {
        // Narrow screens wrap the sentence; the advice must not be what is lost.
        let share = body.height < 12 ? 1 : body.width < 100 && body.height >= 18 ? 3 : 2
        self.init(body: body, hasPreview: hasPreview, headline: share)
        let spare = content.height - min(rows, content.height)
        let height = min(headlineLines, share + spare, Self.headlineLimit)
        if height > share { self.init(body: body, hasPreview: hasPreview, headline: height) }
    }

    private static let headlineLimit = 7

    private init(body: Rect, hasPreview: Bool, headline height: Int) {
        var rest = body
        headline = rest.takeTop(height)
        tabs = rest.takeTop(1)
        totals = rest.takeBottom(body.height >= 10 ? 1 : 0)
        columns = rest.takeTop(1)
        let isRoomy = hasPreview && body.height >= Self.leastHeightForPreview
        preview = rest.takeBottom(isRoomy ? max(12, rest.height * 45 / 100) : 0)
        content = rest
    }

    init(_ state: ViewState, _ context: ViewContext) {
        let isFlows = state.page == .flows
        let body = ScreenLayout(state, context).body
        if let own = PageTable[state.page].headline(state, context) {
            // About the selected row alone: as many lines as it takes, the rest is the row's.
            let most = body.height < 12 ? 1 : body.height < 18 ? 2 : 4
            self.init(body: body, hasPreview: false, headline: min(own.lines(width: state.width), most))
            return
        }
        let hasLadder =
            isFlows && body.height >= Self.leastHeightForLadder
            && context.snapshot.flows.contains { !$0.buffers.isEmpty }
        self.init(
            body: body, hasPreview: isFlows && state.showsPreview,
            headlineLines: isFlows ? HeadlineView.of(context, state.filter).lines(width: state.width) : 0,
            rows: state.table.rows.count + (hasLadder ? 1 : 0))
        if hasLadder {
            if preview.height > 0 { ladder = preview.row(1) } else { ladder = content.takeBottom(1) }
        }
    }

    /// The table's columns; two columns on the left are for the signs of severity and selection.
    func columnExtents(_ state: ViewState, _ context: ViewContext) -> [FlowColumn.Extent] {
        var addresses = AddressWidths(client: 6, server: 6)
        for row in state.table.rows.dropFirst(state.table.scroll).prefix(content.height) {
            guard let index = context.snapshot.flowIndex(row.flow, hint: row.hint) else { continue }
            let flow = context.snapshot.flows[index]
            addresses.client = max(addresses.client, TextWidth.columns(of: EndpointText.full(flow.client)))
            addresses.server = max(addresses.server, TextWidth.columns(of: EndpointText.full(flow.displayedServer)))
        }
        // What rows are sorted by is seen, chosen or not.
        let sorted = state.table.sort.column
        // Whose a flow is can only be known of this host's, live.
        let isOwned = sorted == .process || context.snapshot.flows.contains { $0.owner != nil }
        let columns = state.table.columns.filter { column in
            (!state.table.hidden.contains(column) || column == sorted) && (column != .process || isOwned)
        }
        return FlowColumn.layout(
            columns, width: content.width - 3, from: content.x + 2, sortedBy: sorted, addresses: addresses)
    }
}

/// The screen of one flow: what flow, what problem, tabs, then charts or facts.
struct FlowLayout {
    var identity: Rect
    var headline: Rect
    var tabs: Rect
    var content: Rect

    /// - Parameter headlineLines: what the headline would like.
    init(body: Rect, headlineLines: Int = 0) {
        var rest = body
        identity = rest.takeTop(1)
        // What to do is worth more than a row of a chart.
        headline = rest.takeTop(body.height < 16 ? 1 : max(2, min(headlineLines, body.height >= 20 ? 5 : 3)))
        tabs = rest.takeTop(1)
        content = rest
    }

    init(_ state: ViewState, _ context: ViewContext) {
        let flow = state.openFlow.flatMap { context.snapshot.flowIndex($0.flow) }.map { context.snapshot.flows[$0] }
        self.init(
            body: ScreenLayout(state, context).body,
            headlineLines: flow.map { HeadlineView.of($0).lines(width: state.width) } ?? 0)
    }
}

/// The charts of a flow, stacked over one time axis.
struct ChartsLayout {
    /// Columns left of the plots for the labels of the value axes.
    static let axisWidth = 7

    var charts: [Rect]
    var axis: Rect
    /// Figures below the charts; empty when there is no room for them.
    var facts: Rect

    /// - Parameter wanted: charts that the flow has; as many are laid out as have room.
    init(content: Rect, charts wanted: Int = 3, hasFacts: Bool = true) {
        var rest = content
        // Time first: figures get a share only once the charts are comfortable.
        let factRows =
            !hasFacts ? 0 : content.height >= 44 ? 17 : content.height >= 30 ? 11 : content.height >= 16 ? 2 : 0
        facts = rest.takeBottom(factRows)
        axis = rest.takeBottom(rest.height > 3 ? 1 : 0)
        let count = max(1, min(wanted, rest.height / 3))
        charts = []
        for index in 0..<count {
            charts.append(rest.takeTop(rest.height / (count - index)))
        }
    }

    /// The columns in which time is drawn.
    var plotColumns: Range<Int> {
        let first = charts.first.map { $0.x + Self.axisWidth } ?? 0
        return first..<max(first + 1, (charts.first?.right ?? 1) - 1)
    }
}
