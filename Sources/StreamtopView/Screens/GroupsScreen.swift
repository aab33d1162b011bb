import StreamtopBase
import StreamtopModel

/// Flows grouped by server, client, port, process or container: which have the problem, when there are too many flows to read.
enum GroupsScreen {
    static let page: PageRow = {
        var row = list.row(name: "Groups", digit: nil, count: { _ in 0 }, keys: .groups)
        row.isPresent = { $0.flows.count > 1 }
        // Enter leaves the flows of the group on the table.
        row.enter = { state, context in
            guard let group = list.selected(state, context), let text = state.grouping.filter(group.name) else {
                return
            }
            ViewReducer.setFilter(text, &state, context)
            state.page = .flows
        }
        return row
    }()

    private static let list = ListPage<FlowGroup>(
        page: .groups,
        rows: { state, context in FlowGroup.all(context.snapshot, state.filter, by: state.grouping) },
        key: { StableKey.of($0.name) },
        columns: columns,
        firstTitle: { Words.groupTitle($0.grouping) },
        severity: { $0.act > 0 ? .critical : $0.watch > 0 ? .warning : nil },
        flow: { group, _ in group.flow },
        empty: { state, context in
            context.snapshot.flows.isEmpty
                ? Words.noFlows(context.source) : Words.noMatches(state.filterText, context.snapshot.flows.count)
        })

    private static let columns: [RowColumn<FlowGroup>] = [
        .text("", 22...40, 0) { ($0.name, $0.open == 0 ? .idle : .text) },
        .number("flows", 6, 1) { (NumberText.grouped($0.flows), .value) },
        .number("open", 5, 3) { (NumberText.grouped($0.open), $0.open == 0 ? .muted : .text) },
        .number("act", 4, 2) { ($0.act == 0 ? "" : "\($0.act)", .act) },
        .number("watch", 5, 2) { ($0.watch == 0 ? "" : "\($0.watch)", .watch) },
        .number("▲ b/s", 6, 5) { (RateText.short($0.up), .text) },
        .number("▼ b/s", 6, 4) { (RateText.short($0.down), .text) },
        .number("bytes", 6, 6) { (ByteText.short($0.bytes), .value) },
        .number("worst q", 7, 7) { ($0.worstQueue.map(DurationText.axis), .chartQueue) },
        .number("loss to", 7, 8) { ($0.loss.map(PercentText.ratio), .text) },
        .text("worst", 12...40, 9) { group in
            guard let worst = group.worst, worst.severity > .info else { return ("", .text) }
            return (Words.rule(worst), Words.severityRole(worst.severity))
        },
    ]
}
