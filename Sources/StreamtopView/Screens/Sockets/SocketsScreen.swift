import StreamtopBase
import StreamtopModel

/// Which process's sockets hold most bytes now, and which of them.
enum SocketsScreen {
    static let page: PageRow = {
        var row = list.row(name: "Sockets", digit: nil, count: { _ in 0 })
        row.isPresent = { $0.host != nil }
        return row
    }()

    private static let list = ListPage<SocketHolder>(
        page: .sockets,
        rows: { _, context in SocketHolder.all(context.snapshot) },
        key: { $0.key },
        columns: columns,
        severity: { $0.drops > 0 ? .warning : nil },
        detail: { holder, list in detail(holder, list) },
        flow: { holder, _ in holder.flow },
        empty: { _, context in context.snapshot.host == nil ? [Words.hostNone] : Words.noSockets })

    private static let columns: [RowColumn<SocketHolder>] = [
        .text("process", 18...40, 0) { holder in
            (holder.name, holder.process == nil ? .muted : .text)
        },
        .text("user", 8...12, 4) { ($0.process?.user ?? "", .label) },
        .number("sockets", 7, 3) { (NumberText.grouped($0.sockets.count), .value) },
        .number("unread", 7, 1) { bytes($0.unread) },
        .number("unacked", 7, 1) { bytes($0.unsent) },
        .number("dropped", 8, 2) { holder in
            (holder.drops > 0 ? NumberText.grouped(holder.drops) : "", holder.drops > 0 ? .act : .muted)
        },
        .text("fullest", 19...50, 5) { holder in
            guard let socket = holder.sockets.first else { return ("", .muted) }
            return (Words.socket(socket), .label)
        },
    ]

    private static func bytes(_ count: Int) -> (String?, StyleRole) {
        (ByteText.short(count), count > 0 ? .value : .muted)
    }

    private static let socketColumns: [RowColumn<SocketHolding>] = [
        .text("over", 4...5, 0) { ($0.transport.rawValue, .badge) },
        .text("here", 20...44, 0) { (EndpointText.text($0.local), .text) },
        .text("peer", 20...44, 1) { socket in
            socket.remote.port == 0 ? ("any", .muted) : (EndpointText.text(socket.remote), .text)
        },
        .number("unread", 7, 0) { bytes($0.unread) },
        .number("unacked", 7, 0) { bytes($0.unsent) },
        .number("dropped", 8, 2) { socket in
            ((socket.drops ?? 0) > 0 ? NumberText.grouped(socket.drops ?? 0) : "", .act)
        },
        .text("namespace", 9...16, 3) { ($0.namespace ?? "", .muted) },
    ]

    private static func detail(_ holder: SocketHolder, _ list: ListView) -> TallPage {
        var page = TallPage(width: list.width)
        page.add([TextSpan(holder.name, .accent)] + Words.holdings(holder))
        let table = RowTable(socketColumns, width: page.width - 4, from: 1)
        page.draw(lines: 1) { area, cells in table.drawTitles(y: area.y, into: &cells) }
        for socket in holder.sockets {
            page.draw(lines: 1) { area, cells in table.draw(socket, y: area.y, into: &cells) }
        }
        if let host = list.context.snapshot.host {
            page.skip()
            page.add(Words.socketTotals(host.sockets))
        }
        return page
    }
}
