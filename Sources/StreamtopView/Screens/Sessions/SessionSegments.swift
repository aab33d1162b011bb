import StreamtopBase
import StreamtopModel

/// Segments of a session, newest first: how long the server held one on purpose, how long it took otherwise, the transfer
/// with a tick for each chunk.
struct SessionSegments {
    private static let segmentLimit = 40

    private let row: SessionRow
    private let list: ListView
    private let displayed: [MediaSegment]
    /// The longest of those shown, for the pictures.
    private let longest: Nanoseconds

    init(_ row: SessionRow, _ list: ListView) {
        self.row = row
        self.list = list
        var segments = row.session.segments
        // With a cursor the list begins at its moment.
        if let cursor = list.cursor { segments = segments.filter { $0.requestTime <= cursor } }
        displayed = Array(segments.suffix(Self.segmentLimit).reversed())
        longest = displayed.map { $0.endTime - $0.requestTime }.max() ?? 1
    }

    func draw(_ page: inout TallPage) {
        guard !displayed.isEmpty else { return }
        let table = RowTable(columns(width: page.width), width: page.width - 3, from: 2)
        page.draw(lines: 1) { area, cells in table.drawTitles(y: area.y, into: &cells) }
        for segment in displayed {
            page.draw(lines: 1) { area, cells in table.draw(segment, y: area.y, into: &cells) }
        }
    }

    private func columns(width: Int) -> [RowColumn<MediaSegment>] {
        let row = row
        let context = list.context
        let longest = longest
        let offset = context.utcOffsetSeconds
        return [
            .text("segment", 7...9, 0) { segment in (segment.number.map { "#\($0)" }, .accent) },
            .text("plays", 6...8, 2) { segment in
                let one = row.session.representation(segment.representation)
                return (Words.representation(one) ?? segment.type.rawValue, .text)
            },
            .text("asked", 10...10, 3) { segment in
                (DurationText.timeOfDay(segment.requestTime, utcOffsetSeconds: offset, tenths: true), .muted)
            },
            .number("held ms", 7, 4) { segment in
                let held = row.exchange(segment, context)?.held ?? segment.held
                return (held.map { $0 > 0 ? DurationText.milliseconds($0) : "" } ?? "", .label)
            },
            .number("server", 6, 5) { segment in
                (row.exchange(segment, context)?.server.map(DurationText.milliseconds), .value)
            },
            .number("transfer", 8, 1) { segment in
                let transfer = segment.firstByteTime.map { segment.endTime - $0 }
                return (transfer.map(DurationText.milliseconds), .value)
            },
            RowColumn(title: "░ waits  █ comes  ▏ chunk", widths: 12...90, priority: 6, isNumber: false) {
                segment, cell, cells in
                Self.drawPicture(segment, longest, cell, &cells)
            },
            .number("chunks", 6, 7) { segment in
                (segment.chunkCount > 0 ? "\(segment.chunkCount)" : "", .text)
            },
            .number("bytes", 6, 8) { segment in (ByteText.short(segment.bytes), .text) },
            .number("Mb/s", 5, 1) { segment in
                (segment.throughput.map { NumberText.fixed($0 / 1e6, decimals: 1) }, .value)
            },
        ]
    }

    private static func drawPicture(
        _ segment: MediaSegment, _ longest: Nanoseconds, _ cell: RowCell, _ cells: inout CellBuffer
    ) {
        func column(_ time: Timestamp) -> Int {
            let share = Double(max(0, time - segment.requestTime)) / Double(max(1, longest))
            return min(cell.width - 1, Int(share * Double(cell.width)))
        }
        let first = segment.firstByteTime.map { column($0) } ?? column(segment.endTime)
        let last = max(first, column(segment.endTime))
        for position in 0...last {
            let isWaiting = position < first || segment.firstByteTime == nil
            cells.set(
                isWaiting ? "░" : "█", x: cell.x + position, y: cell.y, isWaiting ? .chartQueue : .chartRateDown)
        }
        guard segment.chunks.count > 1 else { return }
        // Between chunks there is nothing to send: only their arrivals are drawn.
        for position in first...last { cells.set("─", x: cell.x + position, y: cell.y, .gaugeRest) }
        for chunk in segment.chunks {
            let from = column(chunk.firstByteTime)
            for position in from...max(from, column(chunk.lastByteTime)) {
                cells.set("▌", x: cell.x + position, y: cell.y, .chartRateDown)
            }
        }
    }
}
