import StreamtopBase
import StreamtopModel

/// The handshake of one flow: what it cost, beside what it could have cost; the arrows between client and server; who
/// they said they are.
///
/// All of it is drawn on a page as long as it takes, of which the screen shows a window.
enum HandshakeTab {
    /// From this width on, the facts stand beside the arrows.
    private static let leastWidthForFacts = 160
    private static let widestLadder = 108
    private static let factLineLimit = 90

    static func draw(_ flow: FlowSnapshot, scroll: Int, in area: Rect, into cells: inout CellBuffer) {
        guard let security = flow.security, let cost = flow.handshakeCost else {
            cells.put(Words.noHandshake, x: 2, y: area.y + 1, .muted, maxWidth: area.width - 3)
            if let handshake = flow.roundTrip.handshake, flow.tcp != nil {
                cells.put(
                    [TextSpan("TCP ", .label), TextSpan(DurationText.withUnit(handshake), .value)], x: 2,
                    y: area.y + 2)
            }
            return
        }
        let isWide = area.width >= leastWidthForFacts
        let ladder = HandshakeLadder(flow, security, width: isWide ? widestLadder : min(area.width, widestLadder))
        let tax = taxLines(cost, security)
        let ladderHeight = tax.count + 2 + ladder.height + 1
        var page = CellBuffer(width: area.width, height: ladderHeight + factLineLimit)
        for (row, spans) in tax.enumerated() { page.put(spans, x: 2, y: row, maxWidth: area.width - 3) }
        ladder.draw(y: tax.count + 1, into: &page)
        let groups = HandshakeDetails.groups(flow, security)
        let facts =
            isWide
            ? Rect(x: widestLadder + 2, y: 0, width: area.width - widestLadder - 3, height: page.height)
            : Rect(x: 0, y: ladderHeight, width: area.width - 1, height: factLineLimit)
        let needed = FactsPane.draw(groups, in: facts, scroll: 0, into: &page)
        let height = isWide ? max(ladderHeight, needed) : ladderHeight + needed
        let first = max(0, min(scroll, height - area.height))
        for y in 0..<min(area.height, height - first) {
            for x in 0..<area.width { cells[area.x + x, area.y + y] = page[x, first + y] }
        }
        FlowsScreen.drawScrollbar(height, first, area, &cells)
    }

    /// What it cost, why, and what it could have cost.
    private static func taxLines(_ cost: HandshakeCost, _ security: TLSSnapshot) -> [[TextSpan]] {
        var first = [TextSpan(Words.taxTitle + " ", .title)]
        if let time = cost.time {
            first += [
                TextSpan(DurationText.withUnit(time), .value), TextSpan(Words.untilClientMaySend, .label),
            ]
            if let server = security.handshake.serverTime {
                first += [
                    TextSpan("   " + Words.serverTook + " ≤", .label), TextSpan(DurationText.withUnit(server), .value),
                ]
            }
        } else {
            first.append(TextSpan(Words.handshakeUnfinished, .watch))
        }
        var second: [TextSpan] = []
        if let trips = cost.trips {
            let role: StyleRole = trips > cost.bestTrips.full ? .watch : .fine
            second.append(TextSpan(Words.roundTrips(trips) + ": ", role))
        }
        second.append(TextSpan(Words.tripParts(cost, security.handshake.kind), .text))
        if let trips = cost.trips, let roundTrip = cost.roundTrip, let sum = cost.time(ofTrips: trips) {
            second += [
                TextSpan("   × \(DurationText.withUnit(roundTrip)) = ", .label),
                TextSpan(DurationText.withUnit(sum), .value),
            ]
        }
        let best = cost.bestTrips
        var third = [TextSpan(Words.bestHere, .label)]
        for (name, trips) in [("1-RTT", best.full), ("0-RTT", best.early)] {
            third.append(TextSpan("  \(name) \(Words.roundTrips(trips)) = ", .label))
            third.append(
                cost.time(ofTrips: trips).map { TextSpan(DurationText.withUnit($0), .value) }
                    ?? TextSpan(Words.unknown, .unknown))
        }
        return [first, second, third]
    }
}

/// The arrows between two lanes, with times on the left and round trips on the right.
private struct HandshakeLadder {
    private struct Row {
        var arrow: HandshakeArrow
        var lines: [String]
    }

    private static let timeEnd = 9
    private static let gapEnd = 18
    private static let left = 20
    private static let roundWidth = 9

    private let rows: [Row]
    private let start: Timestamp
    private let client: Direction
    private let right: Int

    init(_ flow: FlowSnapshot, _ security: TLSSnapshot, width: Int) {
        let right = max(Self.left + 16, width - Self.roundWidth - 1)
        self.right = right
        client = flow.securityClient
        start = flow.handshakeCost?.start ?? flow.start
        var sawHello = false
        rows = HandshakeArrow.all(of: flow).map { arrow in
            let text = Words.arrow(arrow, of: security, isFirstHello: !sawHello)
            if arrow.steps.contains(where: { $0.step == .clientHello }) { sawHello = true }
            return Row(arrow: arrow, lines: TextWrap.lines(text, width: right - Self.left - 7, limit: 4))
        }
    }

    /// A header, the arrows, a legend.
    var height: Int { rows.reduce(2) { $0 + $1.lines.count } }

    func draw(y top: Int, into cells: inout CellBuffer) {
        cells.putRight(Words.millisecondsHeader, right: Self.timeEnd, y: top, .columnHeader)
        cells.putRight(Words.gapHeader, right: Self.gapEnd, y: top, .columnHeader)
        cells.put(Words.client, x: Self.left, y: top, .columnHeader)
        cells.putRight(Words.server, right: right + 1, y: top, .columnHeader)
        var y = top + 1
        for row in rows {
            draw(row, y: y, &cells)
            y += row.lines.count
        }
        cells.put(Words.handshakeLegend, x: Self.left, y: y, .muted)
    }

    private func draw(_ row: Row, y: Int, _ cells: inout CellBuffer) {
        let arrow = row.arrow
        cells.putRight(DurationText.milliseconds(arrow.time - start), right: Self.timeEnd, y: y, .label)
        if let gap = arrow.gap {
            cells.putRight("+" + DurationText.milliseconds(gap), right: Self.gapEnd, y: y, .value)
        }
        let isHidden = arrow.steps.allSatisfy(\.encrypted)
        let role: StyleRole = isHidden ? .muted : .text
        for (index, line) in row.lines.enumerated() {
            cells.set("│", x: Self.left, y: y + index, .border)
            cells.set("│", x: right, y: y + index, .border)
            let width = TextWidth.columns(of: line)
            if arrow.from == client {
                cells.put(line, x: Self.left + 2, y: y + index, role, maxWidth: right - Self.left - 4)
                guard index == 0 else { continue }
                let tail = Self.left + 3 + width
                if tail < right - 2 {
                    cells.fill(Rect(x: tail, y: y, width: right - 2 - tail, height: 1), "─", .axis)
                }
                cells.set("▶", x: right - 2, y: y, .accent)
            } else {
                let from = max(Self.left + 4, right - 1 - width)
                cells.put(line, x: from, y: y + index, role, maxWidth: right - 1 - from)
                guard index == 0 else { continue }
                cells.set("◀", x: Self.left + 2, y: y, .accent)
                if from - 1 > Self.left + 3 {
                    cells.fill(Rect(x: Self.left + 3, y: y, width: from - Self.left - 4, height: 1), "─", .axis)
                }
            }
        }
        if let number = arrow.roundTrip { cells.put(Words.roundNumber(number), x: right + 2, y: y, .accent) }
    }
}
