import StreamtopBase
import StreamtopModel

/// One quantity of a flow: its column in the table, its name in filters and the order it gives, in one row.
struct MetricRow: Sendable {
    enum Value: Sendable {
        /// In the unit of filters: seconds, ratios, bits a second, bytes or a count; nil is "not known".
        case number(@Sendable (FlowSnapshot) -> Double?)
        case text(@Sendable (FlowSnapshot) -> String?)
    }

    /// nil: only filters know it.
    var column: FlowColumn?
    /// nil: filters do not ask about it, or about another part of it.
    var field: FilterField?
    var value: Value
    var style: ColumnStyle?
}

/// How a column is drawn in the table.
struct ColumnStyle: Sendable {
    var title: String
    /// For a column that got no more than its least width.
    var shortTitle: String?
    var explanation: String
    /// Least and best width. Between them a column grows when there is room.
    var widths: ClosedRange<Int>
    /// Columns leave in descending order of this number when the width does not suffice.
    var priority: Int
    /// Digits stand on the right.
    var isNumber = true
    var draw: @Sendable (FlowCell, inout CellBuffer) -> Void
}

/// All quantities. A new column or filter field is a new row, and its name in `FlowColumn` or `FilterField`.
enum MetricTable {
    static let rows: [MetricRow] =
        ends + delays + windows + traffic + [
            MetricRow(
                column: .verdict, value: .number(FlowOrder.verdictKey),
                style: ColumnStyle(
                    title: "verdict", explanation: "what is wrong, worst first", widths: 12...40, priority: 3,
                    isNumber: false
                ) { $0.drawVerdict(&$1) })
        ]

    /// The style of each column, by its number.
    static let styles: [ColumnStyle] = FlowColumn.allCases.map { column in
        // Every column has its row: a test sees to it.
        rows.first { $0.column == column }?.style
            ?? ColumnStyle(title: "", explanation: "", widths: 1...1, priority: .max) { _, _ in }
    }

    static func row(_ column: FlowColumn) -> MetricRow? { rows.first { $0.column == column } }

    static func number(_ field: FilterField) -> (@Sendable (FlowSnapshot) -> Double?)? {
        guard let row = rows.first(where: { $0.field == field }), case .number(let value) = row.value else {
            return nil
        }
        return value
    }

    // MARK: Rows

    private static let ends: [MetricRow] = [
        MetricRow(
            column: .client, value: .text { EndpointText.full($0.client) },
            style: ColumnStyle(
                title: "client", explanation: "who opened the flow", widths: 11...26, priority: 0, isNumber: false
            ) { $0.put(EndpointText.fitted($0.flow.client, width: $0.extent.width), $0.textRole, &$1) }),
        MetricRow(
            column: .server, value: .text { EndpointText.full($0.displayedServer) },
            style: ColumnStyle(
                title: "server", explanation: "who was called", widths: 11...30, priority: 1, isNumber: false
            ) { $0.put(EndpointText.fitted($0.flow.displayedServer, width: $0.extent.width), $0.textRole, &$1) }),
        MetricRow(
            column: .protocols, value: .text { $0.displayedProtocols.joined(separator: " ") },
            style: ColumnStyle(
                title: "protocols", shortTitle: "proto", explanation: "what it speaks", widths: 8...16, priority: 11,
                isNumber: false
            ) { $0.put($0.flow.displayedProtocols.joined(separator: " "), $0.flow.isIdle ? .idle : .badge, &$1) }),
        MetricRow(
            column: .process, value: .text { $0.owner.map { Words.owner($0) } },
            style: ColumnStyle(
                title: "process", explanation: "whose socket it is, and in which container", widths: 10...28,
                priority: 10, isNumber: false
            ) { $0.put($0.flow.owner.map { Words.owner($0) } ?? "", $0.flow.isIdle ? .idle : .label, &$1) }),
        MetricRow(
            column: .state, value: .text { $0.state.rawValue },
            style: ColumnStyle(
                title: "state", explanation: "open, closed, reset, …", widths: 6...6, priority: 14, isNumber: false
            ) { $0.put(Words.state($0.flow), $0.stateRole, &$1) }),
        MetricRow(
            column: .age, field: .age, value: .number { $0.age.seconds },
            style: ColumnStyle(title: "age", explanation: "since its first packet", widths: 5...5, priority: 15) {
                $0.number(DurationText.age($0.flow.age), .exact, $0.textRole, &$1)
            }),
        MetricRow(field: .flow, value: .number { Double($0.identifier.number) }),
        MetricRow(field: .vlan, value: .number { $0.vlan.map(Double.init) }),
    ]

    private static let delays: [MetricRow] = [
        MetricRow(
            column: .roundTrip, field: .rtt, value: .number { $0.displayedRoundTrip.map { $0.value.seconds } },
            style: ColumnStyle(title: "rtt ms", explanation: "round trip, smoothed", widths: 6...7, priority: 2) {
                guard let reading = $0.flow.displayedRoundTrip else { return $0.unknown(&$1) }
                $0.number(DurationText.milliseconds(reading.value), reading.bound, $0.textRole, &$1)
            }),
        MetricRow(
            column: .trend, value: .text { _ in nil },
            style: ColumnStyle(
                title: "rtt trend", shortTitle: "trend", explanation: "round trip over time", widths: 6...40,
                priority: 9, isNumber: false
            ) { $0.drawTrend(&$1) }),
        MetricRow(
            column: .queue, field: .queue, value: .number { $0.displayedQueueDelay.map { $0.seconds } },
            style: ColumnStyle(
                title: "queue ms", shortTitle: "q ms", explanation: "delay above the minimum, now", widths: 6...11,
                priority: 5
            ) { $0.drawQueue(&$1) }),
        MetricRow(
            column: .worstQueue, field: .queuep95, value: .number { $0.worstQueue.map { $0.seconds } },
            style: ColumnStyle(
                title: "q p95", explanation: "the same, 95 % of its life below", widths: 6...6, priority: 7
            ) {
                guard let delay = $0.flow.worstQueue else { return $0.unknown(&$1) }
                $0.number(DurationText.milliseconds(delay), .exact, $0.textRole, &$1)
            }),
    ]

    private static let windows: [MetricRow] = [
        MetricRow(
            column: .inFlight, field: .flight, value: .number { $0.displayedInFlight.map { Double($0.value) } },
            style: ColumnStyle(title: "flight", explanation: "bytes under way", widths: 6...6, priority: 10) {
                $0.bytes($0.flow.displayedInFlight, &$1)
            }),
        MetricRow(
            column: .congestionWindow, field: .cwnd,
            value: .number { $0.displayedCongestionWindow.map { Double($0.value) } },
            style: ColumnStyle(title: "cwnd", explanation: "the sender's window", widths: 6...6, priority: 12) {
                $0.bytes($0.flow.displayedCongestionWindow, &$1)
            }),
        MetricRow(
            column: .receiveWindow, value: .number { $0.displayedReceiveWindow.map { Double($0.occupied) } },
            style: ColumnStyle(
                title: "unread", explanation: "waiting in the receiver", widths: 6...10, priority: 13, isNumber: false
            ) { $0.drawReceiveWindow(&$1) }),
        MetricRow(field: .rwnd, value: .number { $0.displayedReceiveWindow.map { Double($0.last) } }),
        MetricRow(
            column: .loss, field: .loss, value: .number { $0.displayedLossRatio },
            style: ColumnStyle(title: "loss", explanation: "lost of sent segments", widths: 5...6, priority: 6) {
                $0.drawLoss(&$1)
            }),
        MetricRow(
            column: .retransmissions, field: .retrans, value: .number { $0.displayedRetransmissions.map(Double.init) },
            style: ColumnStyle(title: "rtx", explanation: "segments sent again", widths: 5...5, priority: 16) {
                guard let count = $0.flow.displayedRetransmissions else { return }
                let text = NumberText.scaled(Double(count), base: 1_000, letters: ["", "k", "M"])
                $0.number(text, .exact, count > 0 ? $0.textRole : .muted, &$1)
            }),
    ]

    private static let traffic: [MetricRow] = [
        MetricRow(
            column: .up, field: .up, value: .number { $0.client.rate },
            style: ColumnStyle(title: "▲ b/s", explanation: "from the client", widths: 6...6, priority: 8) {
                $0.rate($0.flow.client.rate, &$1)
            }),
        MetricRow(
            column: .down, field: .down, value: .number { $0.server.rate },
            style: ColumnStyle(title: "▼ b/s", explanation: "from the server", widths: 6...6, priority: 8) {
                $0.rate($0.flow.server.rate, &$1)
            }),
        MetricRow(
            column: .rate, field: .rate, value: .number { $0.client.rate + $0.server.rate },
            style: ColumnStyle(
                title: "b/s", explanation: "the larger direction; sorted by both", widths: 7...7, priority: 4
            ) {
                $0.drawRate(&$1)
            }),
        MetricRow(field: .bytes, value: .number { Double($0.client.bytes) + Double($0.server.bytes) }),
    ]
}
