import StreamtopBase
import StreamtopModel

/// The HTTP exchanges of one flow, newest first: how long the first byte and the whole took, how much came, and where
/// the screen is wide enough, when: waiting light, transfer dark, all on one axis.
enum HTTPTab {
    static func draw(_ flow: FlowSnapshot, scroll: Int, in area: Rect, into cells: inout CellBuffer) {
        guard let http = flow.http else {
            cells.put(Words.noExchanges(flow), x: 2, y: area.y + 1, .muted, maxWidth: area.width - 3)
            return
        }
        var rest = area
        let lines =
            ([counts(http)] + (flow.http3.map { [framing($0)] } ?? []) + HTTP2Lines.all(flow) + HTTPWaitLines.all(flow))
            .flatMap { SpanWrap.lines($0, width: area.width - 3) }
        let head = rest.takeTop(min(lines.count + 1, max(2, area.height / 2)))
        for (row, line) in lines.prefix(head.height).enumerated() {
            cells.put(line, x: 2, y: head.y + row, maxWidth: area.width - 3)
        }
        let columns = rest.takeTop(1)
        let exchanges = Array(http.exchanges.reversed())
        let first = max(0, min(scroll, exchanges.count - rest.height))
        let displayed = exchanges.dropFirst(first).prefix(rest.height)
        let table = HTTPTable(area: rest, times: TimeSpan(displayed), flow: flow)
        table.drawHeader(y: columns.y, into: &cells)
        for (line, exchange) in displayed.enumerated() { table.draw(exchange, y: rest.y + line, into: &cells) }
        FlowsScreen.drawScrollbar(exchanges.count, first, rest, &cells)
    }

    private static func counts(_ http: HTTPSnapshot) -> [TextSpan] {
        let counts = http.counts
        var spans = [
            TextSpan(NumberText.grouped(counts.requests), .value),
            TextSpan(" " + Words.requests(counts.requests) + "  ", .label),
            TextSpan(NumberText.grouped(counts.responses), .value), TextSpan(" " + Words.answered + "  ", .label),
            TextSpan(NumberText.grouped(counts.errors), counts.errors > 0 ? .watch : .muted),
            TextSpan(" " + Words.httpErrors(counts.errors), .label),
        ]
        if let times = http.timeToFirstByte {
            spans.append(TextSpan("   " + Words.firstByteMilliseconds, .title))
            for (name, time) in [("p50", times.p50), ("p95", times.p95), (Words.most, times.maximum)] {
                spans += [TextSpan(" \(name) ", .label), TextSpan(DurationText.milliseconds(time), .value)]
            }
        }
        return spans
    }

    private static func framing(_ http3: HTTP3Snapshot) -> [TextSpan] {
        let overhead = http3.client.overheadBytes &+ http3.server.overheadBytes
        let payload = http3.client.payloadBytes &+ http3.server.payloadBytes
        var spans = [
            TextSpan("HTTP/3  ", .badge), TextSpan(Words.framing + " ", .label),
            TextSpan(ByteText.short(overhead), .value),
            TextSpan(" \(Words.beside) \(ByteText.short(payload)) \(Words.content)", .label),
        ]
        if overhead &+ payload > 0 {
            spans.append(
                TextSpan("  " + PercentText.ratio(Double(overhead) / Double(overhead &+ payload)), .value))
        }
        if http3.undecodedSections > 0 {
            spans.append(TextSpan("  " + Words.undecodedHeads(http3.undecodedSections), .watch))
        }
        if http3.lostStreams > 0 {
            spans.append(TextSpan("  " + Words.lostStreams(http3.lostStreams), .watch))
        }
        if let last = http3.server.goAway ?? http3.client.goAway {
            spans.append(TextSpan("  \(Words.goAway) \(last)", .watch))
        }
        return spans
    }

    /// What the shown exchanges span.
    fileprivate struct TimeSpan {
        var start: Timestamp
        var end: Timestamp

        init?(_ exchanges: ArraySlice<HTTPExchangeSnapshot>) {
            guard let start = exchanges.compactMap(\.requestTime).min() else { return nil }
            self.start = start
            end = exchanges.compactMap { $0.lastTime }.max() ?? start
        }

        /// The column of a moment, of `width` columns.
        func position(_ time: Timestamp, width: Int) -> Int {
            let whole = max(1, end - start)
            let share = Double(max(0, time - start)) / Double(whole)
            return Int(min(1, share) * Double(width))
        }
    }
}

extension HTTPExchangeSnapshot {
    /// The last moment known of it.
    fileprivate var lastTime: Timestamp? {
        requestTime.map { $0 + (duration ?? firstByte ?? 0) }
    }

    /// From the request's first byte to the response's.
    fileprivate var firstByte: Nanoseconds? {
        timeToFirstByte.map { (requestDuration ?? 0) + $0 }
    }
}

/// Columns of the exchanges.
private struct HTTPTable {
    private static let leastWidthForPicture = 110
    /// From this width on, the parts of the wait stand in columns of their own.
    private static let leastWidthForParts = 96

    private let area: Rect
    private let times: HTTPTab.TimeSpan?
    private let start: Timestamp
    private let serverName: String?
    /// The picture of when; empty on narrow screens.
    private let picture: Range<Int>
    private let target: Int
    /// The first column of the parts; nil on narrow screens.
    private let parts: Int?

    init(area: Rect, times: HTTPTab.TimeSpan?, flow: FlowSnapshot) {
        self.area = area
        self.times = times
        start = flow.start
        serverName = flow.displayedServer.name
        parts = area.width >= Self.leastWidthForParts ? area.x + 50 : nil
        let left = area.x + (parts == nil ? 50 : 79)
        let width = area.width >= Self.leastWidthForPicture ? (area.right - left) * 2 / 5 : 0
        picture = left..<(left + width)
        target = width > 0 ? picture.upperBound + 2 : left
    }

    func drawHeader(y: Int, into cells: inout CellBuffer) {
        cells.putRight(Words.sinceStartHeader, right: area.x + 10, y: y, .columnHeader)
        cells.put(Words.methodHeader, x: area.x + 11, y: y, .columnHeader)
        cells.put(Words.statusHeader, x: area.x + 19, y: y, .columnHeader)
        cells.putRight(Words.firstByteHeader, right: area.x + 32, y: y, .columnHeader)
        cells.putRight(Words.wholeHeader, right: area.x + 41, y: y, .columnHeader)
        cells.putRight(Words.bytesHeader, right: area.x + 48, y: y, .columnHeader)
        if let parts {
            for (index, title) in Words.exchangeParts.enumerated() {
                cells.putRight(title, right: parts + 9 * (index + 1), y: y, .columnHeader)
            }
        }
        if !picture.isEmpty, let times {
            cells.put(Words.whenHeader, x: picture.lowerBound, y: y, .columnHeader)
            cells.putRight(
                DurationText.withUnit(times.end - times.start), right: picture.upperBound, y: y, .columnHeader)
        }
        cells.put(Words.targetHeader, x: target, y: y, .columnHeader, maxWidth: area.right - target - 1)
    }

    func draw(_ exchange: HTTPExchangeSnapshot, y: Int, into cells: inout CellBuffer) {
        let at = exchange.requestTime.map { NumberText.fixed(($0 - start).seconds, decimals: 3) }
        cells.putRight(at ?? Words.unknown, right: area.x + 10, y: y, at == nil ? .unknown : .label)
        cells.put(
            exchange.method ?? (exchange.isPushed ? Words.pushed : Words.unknown), x: area.x + 11, y: y, .text,
            maxWidth: 7)
        let (status, role) = status(exchange)
        cells.put(status, x: area.x + 19, y: y, role, maxWidth: 4)
        number(exchange.timeToFirstByte.map(DurationText.milliseconds), right: area.x + 32, y, &cells)
        number(exchange.duration.map(DurationText.milliseconds), right: area.x + 41, y, &cells)
        number(
            ByteText.short(exchange.responseBytes > 0 ? exchange.responseBytes : exchange.requestBytes),
            right: area.x + 48, y, &cells)
        if let parts {
            // Held time is blank where nothing was held on purpose.
            let times = [exchange.held, exchange.server, exchange.transfer]
            for (index, time) in times.enumerated() {
                let text = time.map(DurationText.milliseconds) ?? (index == 0 ? "" : nil)
                number(text, right: parts + 9 * (index + 1), y, &cells)
            }
        }
        drawTimes(exchange, y: y, &cells)
        let kind = exchange.contentType.map { "  " + $0 } ?? ""
        let early = exchange.isEarly ? "0-RTT  " : ""
        cells.put(
            [
                TextSpan(early, .badge),
                TextSpan(tail(displayedTarget(exchange), width: area.right - target - 1 - early.utf8.count), .text),
                TextSpan(kind, .muted),
                TextSpan(exchange.cache.map { "  " + Words.cache($0) } ?? "", .label),
                TextSpan(exchange.errorName.map { "  " + $0 } ?? "", .watch),
            ], x: target, y: y, maxWidth: max(0, area.right - target - 1))
    }

    private func number(_ text: String?, right: Int, _ y: Int, _ cells: inout CellBuffer) {
        cells.putRight(text ?? Words.unknown, right: right, y: y, text == nil ? .unknown : .value, maxWidth: 8)
    }

    private func status(_ exchange: HTTPExchangeSnapshot) -> (String, StyleRole) {
        if exchange.state == .reset { return (Words.brokenOff, .act) }
        guard let status = exchange.status else {
            return exchange.state == .open ? ("…", .muted) : (Words.unknown, .unknown)
        }
        return (String(status), status >= 500 ? .act : status >= 400 ? .watch : .fine)
    }

    /// Waiting light, transfer dark.
    private func drawTimes(_ exchange: HTTPExchangeSnapshot, y: Int, _ cells: inout CellBuffer) {
        guard !picture.isEmpty, let times, let request = exchange.requestTime else { return }
        let first = times.position(request, width: picture.count)
        let end = times.position(exchange.lastTime ?? request, width: picture.count)
        let firstByte = exchange.firstByte.map { times.position(request + $0, width: picture.count) } ?? end
        let waited = exchange.firstByte.map { $0 - (exchange.held ?? 0) }
        let heldFrom = waited.map { times.position(request + max(0, $0), width: picture.count) } ?? end
        // Nothing is too short to be seen.
        for column in min(first, picture.count - 1)...min(max(first, end), picture.count - 1) {
            let isWaiting = exchange.firstByte == nil || column < firstByte
            // What the server held on purpose is no wait that anybody could shorten.
            let isHeld = isWaiting && column >= heldFrom && exchange.held != nil
            cells.set(
                isHeld ? "·" : isWaiting ? "░" : "█", x: picture.lowerBound + column, y: y,
                isHeld ? .gaugeRest : isWaiting ? .chartQueue : .chartRateDown)
        }
    }

    /// Requests differ in the ends of their URLs: what does not fit goes at the front.
    private func tail(_ url: String, width: Int) -> String {
        guard width >= 8, url.utf8.count > width, url.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return url }
        return "…" + url.suffix(width - 1)
    }

    /// The URL without what goes without saying: the scheme, and the name of the server that the flow shows already.
    private func displayedTarget(_ exchange: HTTPExchangeSnapshot) -> String {
        guard let url = exchange.url else { return "" }
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { return url }
        let rest = url[colon...].dropFirst(3)
        guard let slash = rest.firstIndex(of: "/"), let serverName, rest[..<slash] == serverName else {
            return String(rest)
        }
        return String(rest[slash...])
    }
}
