import StreamtopBase
import StreamtopModel

/// The buffers of this host, from device to socket, and which process holds most.
enum LadderScreen {
    static let page = PageRow(
        page: .host, name: Words.ladderPage, digit: nil, keys: .capture, isFiltered: false,
        count: { $0.verdicts.count { HostVerdicts.rules.contains($0.ruleNumber) } },
        isPresent: { $0.host != nil },
        draw: { context, state, layout, cells in draw(context, state, layout, into: &cells) },
        copied: { _, context in
            context.snapshot.verdicts.first { HostVerdicts.rules.contains($0.ruleNumber) }?.advice
        },
        move: { movement, state, _, page in
            state.hostScroll = movement.moved(state.hostScroll, count: CaptureScreen.mostLines, page: page)
        })

    static func draw(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout, into cells: inout CellBuffer) {
        let area = layout.content
        guard let host = context.snapshot.host else {
            cells.put(Words.hostNone, x: 2, y: area.y + 1, .muted, maxWidth: max(0, area.width - 4))
            return
        }
        FactsPane.draw(groups(host, context), in: area, scroll: state.hostScroll, into: &cells)
    }

    static func groups(_ host: HostSnapshot, _ context: ViewContext) -> [FactGroup] {
        [
            advice(context), layers(Words.hostOut, host.layers.filter { $0.direction == .out }),
            layers(Words.hostIn, host.layers.filter { $0.direction == .inward }), sockets(host), counters(host),
            unread(host), settings(host),
        ].filter { !$0.lines.isEmpty }
    }

    private static func advice(_ context: ViewContext) -> FactGroup {
        var group = FactGroup(Words.ladderAdvice)
        for verdict in context.snapshot.verdicts where HostVerdicts.rules.contains(verdict.ruleNumber) {
            let sign = String(Character(Words.severitySign(verdict.severity)))
            group.addSentence(
                sign + " " + Words.rule(verdict), verdict.summary, Words.severityRole(verdict.severity))
            group.addSentence("  " + Words.adviceShort, verdict.advice, .text)
        }
        return group
    }

    private static func layers(_ title: String, _ layers: [HostLayer]) -> FactGroup {
        var group = FactGroup(title)
        let longest = layers.compactMap(\.delay).max() ?? 0
        for layer in layers {
            let fill = layer.capacity.map { $0 > 0 ? Double(layer.occupied ?? 0) / Double($0) : 0 }
            let share = longest > 0 ? Double(layer.delay ?? 0) / Double(longest) : fill ?? 0
            let kind = layer.kind.map { " \($0)" } ?? ""
            group.addGauge(
                "\(Words.layer(layer.layer)), \(layer.name)\(kind)", min(1, share), figures(layer),
                (layer.dropsPerSecond ?? 0) > 0 ? .act : .gaugeFill)
        }
        return group
    }

    private static func figures(_ layer: HostLayer) -> String {
        var text = layer.bound == .atMost ? "≤ " : ""
        text += layer.delay.map(DurationText.withUnit) ?? Words.unknown + " ms"
        if layer.isPaced { text += " paced" }
        let amount: (Int) -> String =
            layer.unit == .bytes ? { ByteText.short($0) } : { NumberText.grouped($0) + " " + layer.unit.rawValue }
        if let occupied = layer.occupied {
            text += "  " + amount(occupied)
            if let capacity = layer.capacity { text += " \(Words.of) " + amount(capacity) }
        } else if let capacity = layer.capacity {
            text += "  size \(amount(capacity))"
        }
        text += Words.trend(layer.trend)
        if layer.droppedSince > 0 {
            text += "  \(NumberText.grouped(layer.droppedSince)) dropped"
            if let rate = layer.dropsPerSecond, rate > 0 { text += ", \(NumberText.fixed(rate, decimals: 0))/s" }
        }
        return text
    }

    private static func sockets(_ host: HostSnapshot) -> FactGroup {
        var group = FactGroup(Words.hostSockets)
        for holding in host.fullest.prefix(12) where holding.bytes > 0 {
            let who = holding.process.map(Words.owner) ?? Words.unknown
            var spans = [TextSpan(ByteText.short(holding.bytes), .value)]
            if holding.unread > 0 { spans.append(TextSpan("  unread " + ByteText.short(holding.unread), .text)) }
            if holding.unsent > 0 { spans.append(TextSpan("  unsent " + ByteText.short(holding.unsent), .text)) }
            spans.append(
                TextSpan("  \(holding.transport.rawValue) \(holding.local) \(holding.remote)", .muted))
            group.add(who, spans)
        }
        return group
    }

    private static func counters(_ host: HostSnapshot) -> FactGroup {
        var group = FactGroup(Words.hostCounters)
        for counter in host.counters {
            group.add(
                (counter.namespace.map { "\($0) " } ?? "") + counter.name,
                [
                    TextSpan(NumberText.grouped(counter.rise), .value),
                    TextSpan("  \(NumberText.fixed(counter.perSecond, decimals: 1))/s", .muted),
                ])
        }
        return group
    }

    private static func unread(_ host: HostSnapshot) -> FactGroup {
        var group = FactGroup(Words.hostUnread)
        for unread in host.unread {
            group.addSentence("\(Words.layer(unread.layer)), \(unread.name)", unread.reason, .muted)
        }
        return group
    }

    private static func settings(_ host: HostSnapshot) -> FactGroup {
        var group = FactGroup(Words.hostSettings)
        let settings = host.settings
        group.add("tcp_congestion_control", settings.congestionControl)
        group.add("default_qdisc", settings.defaultDiscipline)
        group.add("tcp_rmem, largest", settings.tcpReceiveMaximum.map { ByteText.short($0) })
        group.add("tcp_wmem, largest", settings.tcpSendMaximum.map { ByteText.short($0) })
        group.add("rmem_max", settings.receiveMaximum.map { ByteText.short($0) })
        group.add("netdev_max_backlog", settings.maximumBacklog.map { NumberText.grouped($0) })
        group.add("slow_start_after_idle", settings.slowStartAfterIdle.map { $0 ? "on" : "off" })
        group.add("tcp_mtu_probing", settings.mtuProbing.map { "\($0)" })
        group.add("tcp_ecn", settings.ecn.map { "\($0)" })
        group.add(
            "sockets",
            host.sockets.tcp.map {
                "\(NumberText.grouped($0)) TCP" + (host.sockets.udp.map { ", \(NumberText.grouped($0)) UDP" } ?? "")
            })
        if let pressure = host.processorPressure {
            group.add("waiting for a processor", PercentText.whole(pressure), pressure > 0.2 ? .watch : .value)
        }
        return group
    }
}
