import StreamtopBase
import StreamtopModel

/// A column of the flow table, in their order from the left; its row in `MetricTable` says what it is.
enum FlowColumn: Int, CaseIterable, Sendable {
    case client, server, protocols, state, process, age, roundTrip, trend, queue, worstQueue, inFlight, congestionWindow
    case receiveWindow, loss, retransmissions, up, down, rate, verdict

    var style: ColumnStyle { MetricTable.styles[rawValue] }
    var isNumber: Bool { style.isNumber }

    /// Columns the table can be sorted by, in the order of the menu.
    static let sortable: [FlowColumn] = allCases.filter { $0 != .trend }

    /// The order that asks the usual question: largest first for numbers, A first for words.
    var startsDescending: Bool {
        if case .number = MetricTable.row(self)?.value { true } else { false }
    }
}

/// Columns that the addresses in view take.
struct AddressWidths: Equatable {
    var client = 21
    var server = 21
}

extension FlowColumn {
    /// A column, and the columns of the screen that it takes.
    struct Extent: Equatable {
        var column: FlowColumn
        var x: Int
        var width: Int
        var range: Range<Int> { x..<(x + width) }
    }

    /// An address is cut below this only where nothing else can leave.
    private static let leastAddress = 15

    /// The columns that fit, left to right, each one column apart. The column sorted by always stays.
    static func layout(
        _ columns: [FlowColumn] = allCases, width: Int, from x: Int, sortedBy sorted: FlowColumn,
        addresses: AddressWidths = AddressWidths()
    ) -> [Extent] {
        let rates: [FlowColumn] = [.up, .down]
        let hasBoth = rates.allSatisfy { columns.contains($0) }
        let bothDirections = fitting(
            columns.filter { $0 != .rate || sorted == .rate || !hasBoth }, width, sorted, addresses)
        // Where both directions do not fit, one column shows the larger.
        let chosen =
            !hasBoth || !columns.contains(.rate) || rates.allSatisfy { bothDirections.contains($0) }
            ? bothDirections
            : fitting(columns.filter { !rates.contains($0) || $0 == sorted }, width, sorted, addresses)
        var widths = chosen.map { least($0, addresses) }
        var spare = width - sum(chosen, addresses)
        // Ends get to be readable first, then the verdict's name; then time gets the room, then comfort.
        let stages: [[(column: FlowColumn, width: Int)]] = [
            [(.server, min(20, addresses.server)), (.client, min(21, addresses.client))], [(.verdict, 17)],
            [(.protocols, 14), (.process, 16)], [(.trend, 40), (.queue, 11), (.roundTrip, 7)],
            [(.client, min(26, addresses.client)), (.server, min(30, addresses.server)), (.receiveWindow, 10)],
            [(.protocols, 16), (.process, 28)],
        ]
        for stage in stages {
            var grew = true
            while spare > 0, grew {
                grew = false
                for (column, most) in stage where spare > 0 {
                    guard let index = chosen.firstIndex(of: column), widths[index] < most else { continue }
                    widths[index] += 1
                    spare -= 1
                    grew = true
                }
            }
        }
        if let index = chosen.firstIndex(of: .verdict) { widths[index] += spare }
        var left = x
        return zip(chosen, widths).map { column, width in
            defer { left += width + 1 }
            return Extent(column: column, x: left, width: width)
        }
    }

    private static func fitting(
        _ columns: [FlowColumn], _ width: Int, _ sorted: FlowColumn, _ addresses: AddressWidths
    ) -> [FlowColumn] {
        var chosen = columns
        while sum(chosen, addresses) > width, chosen.count > 1 {
            guard
                let leaves = chosen.filter({ $0 != sorted }).max(by: { $0.style.priority < $1.style.priority })
            else { break }
            chosen.removeAll { $0 == leaves }
        }
        return chosen
    }

    private static func sum(_ columns: [FlowColumn], _ addresses: AddressWidths) -> Int {
        columns.reduce(-1) { $0 + least($1, addresses) + 1 }
    }

    /// Short addresses need less than an address may.
    private static func least(_ column: FlowColumn, _ addresses: AddressWidths) -> Int {
        let least = column.style.widths.lowerBound
        return switch column {
        case .client: max(least, min(leastAddress, addresses.client))
        case .server: max(least, min(leastAddress, addresses.server))
        default: least
        }
    }
}
