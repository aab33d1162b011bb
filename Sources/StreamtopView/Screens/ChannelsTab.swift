import StreamtopBase
import StreamtopModel

/// SCTP and its data channels: what each carries, how it was agreed to be delivered, what the association paid for it.
enum ChannelsTab {
    static let tab = FlowTab(
        name: "Channels", isPresent: { $0.$sctp != nil },
        draw: { flow, open, _, layout, cells in
            draw(flow, scroll: open.scroll, in: layout.content, into: &cells)
        })

    private static let columns: [RowColumn<SCTPSnapshot.Stream>] = [
        .number("id", 5, 0) { ("\($0.identifier)", .value) },
        .text("label", 12...30, 1) { stream in (stream.label ?? Words.unknown, stream.label == nil ? .unknown : .accent)
        },
        .text("protocol", 8...16, 6) { ($0.subprotocol.flatMap { $0.isEmpty ? nil : $0 } ?? "", .text) },
        .text("order", 9...9, 4) { stream in
            (stream.isOrdered.map { $0 ? "ordered" : "unordered" }, .text)
        },
        .text("delivery", 10...12, 3) { stream in (Words.reliability(stream), .text) },
        .number("▲ msgs", 7, 2) { (NumberText.grouped($0.client.messages), .value) },
        .number("▲ bytes", 7, 5) { (ByteText.short($0.client.bytes), .text) },
        .number("▼ msgs", 7, 2) { (NumberText.grouped($0.server.messages), .value) },
        .number("▼ bytes", 7, 5) { (ByteText.short($0.server.bytes), .text) },
        .number("resets", 6, 7) { ("\($0.resets)", $0.resets > 0 ? .watch : .muted) },
    ]

    private static func draw(_ flow: FlowSnapshot, scroll: Int, in area: Rect, into cells: inout CellBuffer) {
        guard let sctp = flow.sctp else {
            cells.put(
                flow.dtls == nil ? Words.noChannels : Words.sealedChannels, x: 2, y: area.y + 1, .muted,
                maxWidth: area.width - 3)
            return
        }
        var page = TallPage(width: area.width)
        association(sctp, &page)
        page.skip()
        let table = RowTable(columns, width: page.width - 3, from: 1)
        page.draw(lines: 1) { line, cells in table.drawTitles(y: line.y, into: &cells) }
        for stream in sctp.streams.prefix(200) {
            page.draw(lines: 1) { line, cells in table.draw(stream, y: line.y, into: &cells) }
        }
        if sctp.streams.isEmpty { page.add([TextSpan("no message yet", .muted)], x: 2) }
        if sctp.streamsLeftOut > 0 {
            page.add([TextSpan("\(sctp.streamsLeftOut) more streams are not kept", .watch)], x: 2)
        }
        page.show(scroll: scroll, in: area, into: &cells)
    }

    private static func association(_ sctp: SCTPSnapshot, _ page: inout TallPage) {
        var spans = [TextSpan("SCTP ", .title)]
        spans += [
            TextSpan("set-up ", .label),
            sctp.handshake.map { TextSpan(DurationText.withUnit($0), .value) } ?? TextSpan(Words.unknown, .unknown),
            TextSpan("   round trip ", .label),
            sctp.roundTrip.map { TextSpan(DurationText.withUnit($0.smoothed), .value) }
                ?? TextSpan(Words.unknown, .unknown),
            TextSpan("   \(sctp.state == .open ? "open" : sctp.state.rawValue)", .label),
        ]
        page.add(spans)
        for (name, end) in [("client", sctp.client), ("server", sctp.server)] {
            var line = [
                TextSpan("\(name) ", .label), TextSpan(ByteText.short(end.bytes), .value),
                TextSpan("  \(NumberText.grouped(end.dataChunks)) chunks", .text),
                TextSpan(
                    "  repeated \(NumberText.grouped(end.retransmitted))",
                    end.retransmitted > 0 ? .markRetransmission : .muted),
            ]
            if end.retransmitted > 0 {
                line.append(TextSpan(" (fast \(end.fastRetransmissions), timeout \(end.timeouts))", .muted))
            }
            if end.abandoned > 0 { line.append(TextSpan("  given up \(NumberText.grouped(end.abandoned))", .watch)) }
            if let window = end.receiveWindow {
                line.append(
                    TextSpan(
                        "  window \(ByteText.short(window.last)), least \(ByteText.short(window.minimum))",
                        window.minimum == 0 ? .watch : .text))
            }
            if let time = end.longestTimeout {
                line.append(TextSpan("  longest timeout \(DurationText.withUnit(time))", .watch))
            }
            page.addWrapped(line)
        }
    }
}

extension FlowTab {
    static let channels = ChannelsTab.tab
}
