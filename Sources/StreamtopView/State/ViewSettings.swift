import StreamtopBase

/// How a user likes the table and the charts, in the words of the configuration file.
package struct ViewSettings: Equatable, Sendable {
    /// Columns from the left; the others are hidden. nil: all, as they come.
    package var columns: [String]?
    /// Column that rows are sorted by.
    package var sort: String?
    package var isAscending: Bool?
    package var filter: String?
    /// Span of the charts: `5s`, `15s`, `1m`, `5m`, `all`.
    package var span: String?

    package init() {}

    package static let columnNames = FlowColumn.allCases.map(\.name)
    package static let sortNames = FlowColumn.sortable.map(\.name)
    package static let spanNames = ChartZoom.allCases.map(\.name)

    /// The text is a filter.
    package static func isFilter(_ text: String) -> Bool { (try? FilterParser.parse(text)) != nil }
}

extension FlowColumn {
    /// Name in the configuration file and in exported views.
    var name: String {
        switch self {
        case .client: "client"
        case .server: "server"
        case .process: "process"
        case .protocols: "protocols"
        case .state: "state"
        case .age: "age"
        case .roundTrip: "rtt"
        case .trend: "trend"
        case .queue: "queue"
        case .worstQueue: "queue_p95"
        case .inFlight: "flight"
        case .congestionWindow: "cwnd"
        case .receiveWindow: "unread"
        case .loss: "loss"
        case .retransmissions: "rtx"
        case .up: "up"
        case .down: "down"
        case .rate: "rate"
        case .verdict: "verdict"
        }
    }

    init?(name: String) {
        guard let column = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = column
    }
}

extension ChartZoom {
    var name: String {
        switch self {
        case .seconds5: "5s"
        case .seconds15: "15s"
        case .standard: "1m"
        case .minutes5: "5m"
        case .all: "all"
        }
    }
}

extension ViewState {
    /// Takes the user's settings over; what names nothing is left as it was.
    package mutating func adopt(_ settings: ViewSettings) {
        if let names = settings.columns {
            let columns = names.compactMap { FlowColumn(name: $0) }
            if !columns.isEmpty {
                table.columns = columns + FlowColumn.allCases.filter { !columns.contains($0) }
                table.hidden = Set(FlowColumn.allCases).subtracting(columns)
            }
        }
        if let column = settings.sort.flatMap({ FlowColumn(name: $0) }), FlowColumn.sortable.contains(column) {
            table.sort = FlowSort(
                column: column, descending: settings.isAscending.map { !$0 } ?? column.startsDescending)
        }
        if let text = settings.filter, let filter = try? FilterParser.parse(text) {
            filterText = text
            self.filter = filter
        }
        if let zoom = ChartZoom.allCases.first(where: { $0.name == settings.span }) { self.zoom = zoom }
    }

    /// The settings that lead to this view.
    package var settings: ViewSettings {
        var settings = ViewSettings()
        let isUsual = table.columns == FlowColumn.allCases && table.hidden.isEmpty
        settings.columns = isUsual ? nil : table.columns.filter { !table.hidden.contains($0) }.map(\.name)
        settings.sort = table.sort.column.name
        settings.isAscending = !table.sort.descending
        settings.filter = filterText
        settings.span = (openFlow?.zoom ?? zoom).name
        return settings
    }
}
