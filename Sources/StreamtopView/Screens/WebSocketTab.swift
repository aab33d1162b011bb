import StreamtopBase
import StreamtopModel

/// A WebSocket connection: what was agreed, what each end sent and what of it is framing, how long pings take beside the path,
/// and its course.
enum WebSocketTab {
    static let tab = FlowTab(
        name: "WebSocket", isPresent: { $0.$webSocket != nil },
        draw: { flow, open, context, layout, cells in
            guard let socket = flow.webSocket else {
                cells.put(
                    Words.noWebSocket, x: 2, y: layout.content.y + 1, .muted, maxWidth: layout.content.width - 3)
                return
            }
            page(socket, flow, context, width: layout.content.width).show(
                scroll: open.scroll, in: layout.content, into: &cells)
        })

    private struct EndRow {
        var name: String
        var end: WebSocketEndpointSnapshot
    }

    private static let columns: [RowColumn<EndRow>] = [
        .text("from", 7...8, 0) { ($0.name, .label) },
        .number("messages", 8, 1) { (NumberText.grouped($0.end.messages), .value) },
        .number("payload", 7, 2) { (ByteText.short($0.end.payloadBytes), .value) },
        .number("inflated", 8, 6) { row in
            guard row.end.compressedMessages > 0 else { return ("", .text) }
            return (row.end.messageBytes.map { ByteText.short($0) }, .text)
        },
        .number("framing", 7, 3) { (ByteText.short($0.end.headerBytes), .value) },
        .number("share", 6, 4) { row in
            let all = Double(row.end.headerBytes) + Double(row.end.payloadBytes)
            return (all > 0 ? PercentText.ratio(Double(row.end.headerBytes) / all) : nil, .value)
        },
        .number("ping ms", 7, 2) { (($0.end.pingRoundTrip?.smoothed).map(DurationText.milliseconds), .value) },
        .number("p95", 6, 7) { (($0.end.pingRoundTrip?.p95).map(DurationText.milliseconds), .text) },
        .number("lag ms", 6, 5) { row in
            let lag = row.end.eventLoopLag?.p50
            return (lag.map(DurationText.milliseconds), (lag ?? 0) > .milliseconds(50) ? .watch : .text)
        },
        .number("masked", 7, 8) { (NumberText.grouped($0.end.maskedFrames), .text) },
    ]

    private static func page(
        _ socket: WebSocketSnapshot, _ flow: FlowSnapshot, _ context: ViewContext, width: Int
    ) -> TallPage {
        var page = TallPage(width: width)
        agreement(socket, &page)
        page.skip()
        let table = RowTable(columns, width: page.width - 3, from: 1)
        page.draw(lines: 1) { area, cells in table.drawTitles(y: area.y, into: &cells) }
        for row in [EndRow(name: Words.client, end: socket.client), EndRow(name: Words.server, end: socket.server)] {
            page.draw(lines: 1) { area, cells in table.draw(row, y: area.y, into: &cells) }
        }
        page.add([TextSpan(Words.lagLegend, .muted)])
        for row in [("client", socket.client), ("server", socket.server)] where !row.1.frames.isEmpty {
            let names = row.1.frames.map { "\($0.name) \(NumberText.grouped($0.count))" }.joined(separator: "  ")
            page.add([TextSpan("\(row.0) frames ", .label), TextSpan(names, .text)])
        }
        comparison(socket, &page)
        problem(socket, &page)
        course(flow, context, &page)
        return page
    }

    private static func agreement(_ socket: WebSocketSnapshot, _ page: inout TallPage) {
        page.add([
            TextSpan("upgrade ", .label),
            socket.upgrade.map { TextSpan(DurationText.withUnit($0), .value) } ?? TextSpan(Words.unknown, .unknown),
            TextSpan("   accepted ", .label), accepted(socket.isAccepted),
            TextSpan("   " + (socket.url ?? ""), .accent),
        ])
        page.add([
            TextSpan("agreed ", .label), TextSpan(socket.subprotocol ?? "no subprotocol", .text),
            TextSpan("   ", .text), TextSpan(socket.extensions ?? "no extension", .text),
        ])
    }

    private static func accepted(_ isAccepted: Bool?) -> TextSpan {
        switch isAccepted {
        case true: TextSpan("proof fits", .fine)
        case false: TextSpan("proof is wrong", .act)
        default: TextSpan(Words.unknown, .unknown)
        }
    }

    private static func comparison(_ socket: WebSocketSnapshot, _ page: inout TallPage) {
        guard let other = socket.comparison else { return }
        let own =
            Double(socket.client.headerBytes) + Double(socket.client.payloadBytes)
            + Double(socket.server.headerBytes) + Double(socket.server.payloadBytes)
        page.add([
            TextSpan("the same messages ", .label), TextSpan("here \(ByteText.short(own))", .value),
            TextSpan("  as HTTP/2 requests ~\(ByteText.short(other.http2Bytes))", .text),
            TextSpan("  by long polling ~\(ByteText.short(other.longPollingBytes))", .text),
        ])
        page.addSentence([TextSpan("  method ", .label)], other.method, .muted)
    }

    private static func problem(_ socket: WebSocketSnapshot, _ page: inout TallPage) {
        for violation in socket.violations {
            page.add([
                TextSpan("against RFC 6455 ", .label), TextSpan(Words.spaced(violation.name), .watch),
                TextSpan("  \(NumberText.grouped(violation.count))×", .value),
            ])
        }
        if socket.client.hasLostStep || socket.server.hasLostStep {
            page.add([TextSpan("frames behind a hole in the capture could not be found again", .watch)])
        }
        if let close = socket.close {
            let end = close.by == .fromClient ? Words.client : Words.server
            page.add([
                TextSpan("closed by ", .label), TextSpan(end, .text),
                TextSpan("  " + (close.code.map(String.init) ?? "no code"), .value),
                TextSpan("  " + (close.reason ?? ""), .text),
            ])
        }
    }

    /// Rates of both directions over the life that the series has, one line each.
    private static func course(_ flow: FlowSnapshot, _ context: ViewContext, _ page: inout TallPage) {
        guard let series = flow.series, series.count > 1 else { return }
        page.skip()
        let width = max(8, page.width - 14)
        for (name, direction, role) in [
            ("▲ b/s", Direction.fromClient, StyleRole.chartRateUp), ("▼ b/s", .fromServer, .chartRateDown),
        ] {
            let values = (0..<series.count).map { series.value(.rate, direction, at: $0) }
            guard let most = values.compactMap({ $0 }).max() else { continue }
            page.draw(lines: 1) { area, cells in
                cells.put(name, x: 1, y: area.y, role)
                Sparkline.draw(values, in: Rect(x: 7, y: area.y, width: width - 7, height: 1), role, into: &cells)
                cells.putRight("max " + RateText.short(most), right: area.right - 1, y: area.y, .muted)
            }
        }
        let events = EventRow.all(of: context.snapshot, flow: flow.identifier).filter { row in
            switch row.event.kind {
            case .webSocketOpen, .webSocketClose: true
            default: false
            }
        }
        for row in events.prefix(6) {
            page.draw(lines: 1) { area, cells in
                EventsScreen.draw(row, area, context, showsFlow: false, into: &cells)
            }
        }
    }
}

extension FlowTab {
    static let webSocket = WebSocketTab.tab
}
