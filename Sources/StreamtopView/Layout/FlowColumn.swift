import StreamtopBase
import StreamtopModel

/// A column of the flow table.
enum FlowColumn: Int, CaseIterable, Sendable {
    case client, server, protocols, state, age, roundTrip, trend, queue, inFlight, congestionWindow, receiveWindow
    case loss, retransmissions, up, down, verdict

    /// Least and best width. Between them a column grows when there is room.
    var widths: ClosedRange<Int> {
        switch self {
        case .client: 15...26
        case .server: 15...30
        case .protocols: 8...16
        case .state: 6...6
        case .age: 5...5
        case .roundTrip: 6...7
        case .trend: 6...40
        case .queue: 6...11
        case .inFlight: 6...6
        case .congestionWindow: 6...6
        case .receiveWindow: 6...10
        case .loss: 5...6
        case .retransmissions: 5...5
        case .up, .down: 6...6
        case .verdict: 12...40
        }
    }

    /// Columns leave in descending order of this number when the width does not suffice.
    var priority: Int {
        switch self {
        case .client: 0
        case .server: 1
        case .roundTrip: 2
        case .verdict: 3
        case .down: 4
        case .queue: 5
        case .loss: 6
        case .trend: 7
        case .up: 8
        case .inFlight: 9
        case .protocols: 10
        case .congestionWindow: 11
        case .receiveWindow: 12
        case .state: 13
        case .age: 14
        case .retransmissions: 15
        }
    }

    var isNumber: Bool {
        switch self {
        case .client, .server, .protocols, .state, .trend, .receiveWindow, .verdict: false
        default: true
        }
    }

    /// Columns the table can be sorted by, in the order of the menu.
    static let sortable: [FlowColumn] = allCases.filter { $0 != .trend }

    /// The order that asks the usual question: largest first for numbers, A first for words.
    var startsDescending: Bool { isNumber || self == .verdict || self == .receiveWindow }
}

extension FlowColumn {
    /// A column at its place.
    struct Placed: Equatable {
        var column: FlowColumn
        var x: Int
        var width: Int
        var range: Range<Int> { x..<(x + width) }
    }

    /// The columns that fit, left to right, each one column apart. The column sorted by always stays.
    static func layout(width: Int, from x: Int, sortedBy sorted: FlowColumn) -> [Placed] {
        var chosen = allCases
        func least(_ columns: [FlowColumn]) -> Int { columns.reduce(-1) { $0 + $1.widths.lowerBound + 1 } }
        while least(chosen) > width, chosen.count > 1 {
            guard let leaves = chosen.filter({ $0 != sorted }).max(by: { $0.priority < $1.priority }) else { break }
            chosen.removeAll { $0 == leaves }
        }
        var widths = chosen.map(\.widths.lowerBound)
        var spare = width - least(chosen)
        // Ends get to be readable first, then the verdict's name; then time gets the room, then comfort.
        let stages: [[(column: FlowColumn, width: Int)]] = [
            [(.server, 20)], [(.verdict, 17)], [(.client, 21)], [(.protocols, 14)],
            [(.trend, 40), (.queue, 11), (.roundTrip, 7)],
            [(.client, 26), (.server, 30), (.receiveWindow, 10), (.protocols, 16)],
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
            return Placed(column: column, x: left, width: width)
        }
    }
}
