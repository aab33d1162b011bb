import CHost
import Glibc
import StreamtopBase
import StreamtopModel

/// Asks this host's kernel for its buffers. Opened while the process still has its rights, used by one thread of its own.
///
/// Reads no clock: the caller says when it asks.
package final class HostReader {
    /// Names of the devices that are captured; empty for all.
    private let devices: Set<String>
    private let own: NamespaceHandle
    private var others: [NamespaceHandle] = []
    private var unreadable: [UnreadLayer] = []
    private let softNet = KernelFile("/proc/net/softnet_stat")
    private let pressure = KernelFile("/proc/pressure/cpu")
    private let helper: OwnerFinder?
    private let users = UserNames()

    private var courses = LayerCourses()
    private var links: [LinkMessage] = []
    private var classfulLinks: Set<Int32> = []
    private var slow = SlowFacts()
    private var drivers = DriverFacts()
    private var counters = CounterCourse()
    private var owners = OwnerCache()
    private var routes: Set<IPAddress> = []
    private var datagrams: [DatagramSocket] = []
    private var datagramCourses = LayerCourses()
    private var nextDatagrams = Timestamp(nanoseconds: .min)
    private var nextSlow = Timestamp(nanoseconds: .min)
    private var lastQueues: [HostLayer] = []
    private var nextManyQueues = Timestamp(nanoseconds: .min)
    /// What devices have in hand: files of sysfs, one for each queue, so not at every reading.
    private var inHand: [HostLayer] = []
    /// Bytes that left the queues of a device, by its index: what it was handed.
    private var sent: [Int32: UInt64] = [:]
    /// Ways through the network change: all are asked for again then.
    private var nextRoutes = Timestamp(nanoseconds: .min)
    private var turn = 0

    /// Sockets asked for at one reading; more take turns.
    private static let mostSockets = 64
    /// More devices than this, or more UDP sockets, are read once a second instead of at every reading.
    private static let mostDevices = 64
    private static let mostDatagramSockets = 256
    private static let mostDatagramLayers = 32

    /// What is read once a second.
    private struct SlowFacts {
        var layers: [HostLayer] = []
        var listeners: [SocketMessage] = []
        var unread: [UnreadLayer] = []
        var sockets = SocketTotals()
        var fullest: [SocketHolding] = []
        var settings = HostSettings()
        var processorPressure: Double?
    }

    /// nil when the kernel gives not even a socket to ask through. `entersNamespaces`: with the rights for it.
    package init?(devices: [String], entersNamespaces: Bool, helper: OwnerFinder?) {
        guard let own = NamespaceHandle(name: nil, inode: NamespaceList.own) else { return nil }
        self.own = own
        self.helper = helper
        self.devices = devices.contains("any") ? [] : Set(devices)
        for entry in entersNamespaces ? NamespaceList.entries() : [] {
            let (handle, reason, isLost) = NamespaceList.open(entry)
            // Back in no namespace that we know: not to be used.
            if isLost { return nil }
            if let handle {
                others.append(handle)
            } else {
                unreadable.append(UnreadLayer(.socketReceive, name: "namespace \(entry.name)", reason: reason))
            }
        }
    }

    /// One look at the host.
    package func read(_ requests: HostRequests, at time: Timestamp) -> HostReport {
        var report = HostReport(time: time)
        report.sockets = sockets(requests.flows, at: time)
        if time >= nextSlow {
            nextSlow = time + .seconds(1)
            readSlowly(at: time)
            courses.forget(before: time - .seconds(10))
            if time >= nextRoutes {
                nextRoutes = time + .seconds(10)
                routes.removeAll()
            }
            datagramCourses.forget(before: time - .seconds(10))
        }
        if time >= nextDatagrams {
            nextDatagrams = time + (datagrams.count > Self.mostDatagramSockets ? .seconds(1) : .milliseconds(200))
            datagrams = readDatagramSockets(at: time)
            report.datagramSockets = datagrams
            var values: [String: UInt64] = [:]
            for file in own.counters { values.merge(ProcText.counters(file.text() ?? "")) { first, _ in first } }
            counters.observe(values, at: time)
            inHand = links.filter(isWatched).compactMap { link in
                let (inFlight, limits) = Self.byteQueueLimits(link)
                return DeviceLayers.driver(
                    of: link, inFlight: inFlight, limits: limits, left: sent[link.index], &courses, at: time)
            }
        }
        for end in requests.flows.flatMap({ [$0.low.address, $0.high.address] }) + requests.peers
        where routes.count < 4_096 && routes.insert(end).inserted {
            report.routes[end] = route(to: end)
        }
        var host = HostSnapshot(time: time)
        host.layers = queues(at: time) + inHand + slow.layers + acceptQueues(slow.listeners) + datagramLayers()
        host.unread = slow.unread + unreadable
        host.sockets = slow.sockets
        host.fullest = slow.fullest.map { holding in
            var holding = holding
            holding.process = owners[holding.inode]
            return holding
        }
        host.counters = counters.all
        host.processorPressure = slow.processorPressure
        host.settings = slow.settings
        let handles = [own] + others
        host.repeatedReadings = handles.reduce(0) { $0 &+ $1.sockets.repeated &+ ($1.route?.repeated ?? 0) }
        host.failedReadings = handles.reduce(0) { $0 &+ $1.sockets.failed &+ ($1.route?.failed ?? 0) }
        report.host = host
        report.owners = findOwners(report, at: time)
        return report
    }

    // MARK: Sockets

    private func sockets(_ flows: [FlowKey], at time: Timestamp) -> [KernelSocket] {
        guard !flows.isEmpty else { return [] }
        var answers: [KernelSocket] = []
        let count = min(flows.count, Self.mostSockets)
        for offset in 0..<count {
            let flow = flows[(turn &+ offset) % flows.count]
            if let socket = socket(flow, own, at: time) {
                answers.append(socket)
            } else {
                let found = others.compactMap { handle in
                    socket(flow, handle, at: time).map { socket in
                        var socket = socket
                        socket.isElsewhere = true
                        return socket
                    }
                }
                answers += found
            }
        }
        turn = flows.count > count ? (turn &+ count) % flows.count : 0
        return answers
    }

    /// The socket of the flow in that namespace, whichever end it is. The end with the better known port is rarely here
    /// twice: asked for first is the one that was found before.
    private func socket(_ flow: FlowKey, _ handle: NamespaceHandle, at time: Timestamp) -> KernelSocket? {
        for (local, remote) in [(flow.low, flow.high), (flow.high, flow.low)] {
            if let socket = exact(local, remote, handle, at: time) { return socket }
        }
        return nil
    }

    private func exact(
        _ local: Endpoint, _ remote: Endpoint, _ handle: NamespaceHandle, at time: Timestamp
    ) -> KernelSocket? {
        let body = SocketRequest.exact(local: local, remote: remote, transport: SocketRequest.tcp)
        let answer = try? handle.sockets.ask(type: SocketMessage.type, isDump: false, body) { type, bytes in
            type == SocketMessage.type ? SocketMessage.socket(bytes, at: time) : nil
        }
        guard let socket = answer?.first, socket.local == local, socket.remote == remote,
            socket.state != .listening, socket.state != .timeWait
        else { return nil }
        return socket
    }

    private func readDatagramSockets(at time: Timestamp) -> [DatagramSocket] {
        var found: [DatagramSocket] = []
        for handle in [own] + others {
            for isIPv4 in [true, false] {
                let body = SocketRequest.dump(
                    isIPv4: isIPv4, transport: SocketRequest.udp, extensions: SocketRequest.memoryOnly)
                let sockets = try? handle.sockets.ask(type: SocketMessage.type, isDump: true, body) {
                    type, bytes -> DatagramSocket? in
                    guard type == SocketMessage.type, let message = SocketMessage(bytes),
                        let memory = SocketMessage.memory(bytes)
                    else { return nil }
                    var socket = DatagramSocket(
                        time: time, local: message.local, remote: message.remote, inode: message.inode,
                        user: message.user, memory: memory)
                    socket.isElsewhere = handle !== own
                    return socket
                }
                found += sockets ?? []
            }
        }
        for index in found.indices {
            var layer = HostLayer(.socketReceive, name: "", direction: .inward, unit: .bytes)
            layer.drops = found[index].memory.drops
            datagramCourses.observe(
                &layer, key: "\(found[index].inode) \(found[index].local.port)", left: nil, at: time)
            found[index].droppedSince = layer.droppedSince
            found[index].dropsPerSecond = layer.dropsPerSecond
        }
        return found
    }

    /// UDP sockets of this namespace, those first that hold most or dropped something.
    private func datagramLayers() -> [HostLayer] {
        let ours = datagrams.filter { !$0.isElsewhere && $0.local.port != 0 }
        func rank(_ socket: DatagramSocket) -> (Int, UInt64, Int) {
            (socket.memory.received, socket.droppedSince, -Int(socket.local.port))
        }
        return ours.sorted { rank($0) > rank($1) }.prefix(Self.mostDatagramLayers).map { socket in
            var layer = HostLayer(
                .socketReceive, name: "udp:\(socket.local.port)", direction: .inward, unit: .bytes,
                occupied: socket.memory.received, capacity: socket.memory.receiveLimit)
            layer.drops = socket.memory.drops
            layer.droppedSince = socket.droppedSince
            layer.dropsPerSecond = socket.dropsPerSecond
            if socket.memory.received == 0 {
                layer.delay = 0
                layer.bound = .measured
            }
            return layer
        }
    }

    // MARK: Devices

    private func isWatched(_ link: LinkMessage) -> Bool {
        link.isUp && !link.isLoopback || devices.contains(link.name)
    }

    /// The queues of devices; where they are many, or the kernel does not answer, those read last.
    private func queues(at time: Timestamp) -> [HostLayer] {
        guard let route = own.route, links.count <= Self.mostDevices || time >= nextManyQueues else {
            return lastQueues
        }
        nextManyQueues = time + .seconds(1)
        let disciplines = try? route.ask(
            type: QdiscMessage.getQdisc, isDump: true, [UInt8](repeating: 0, count: 20)
        ) { QdiscMessage(type: $0, $1) }
        guard let disciplines else { return lastQueues }
        var classes: [QdiscMessage] = []
        for discipline in disciplines
        where DeviceLayers.isClassful(discipline.kind)
            || discipline.kind == "fq_codel" && (discipline.counts?.backlog ?? 0) > 0
        {
            let body =
                [UInt8](repeating: 0, count: 4) + Netlink.native(discipline.interface)
                + [UInt8](repeating: 0, count: 12)
            classes +=
                (try? route.ask(type: QdiscMessage.getClass, isDump: true, body) { QdiscMessage(type: $0, $1) }) ?? []
        }
        var layers: [HostLayer] = []
        for link in links where isWatched(link) {
            layers += DeviceLayers.queues(of: link, disciplines, classes: classes, &courses, at: time)
            sent[link.index] = DeviceLayers.bytesSent(by: link, disciplines)
        }
        lastQueues = layers
        return layers
    }

    /// Of all transmit queues; empty where the driver keeps none.
    private static func byteQueueLimits(_ link: LinkMessage) -> (inFlight: [Int], limits: [Int]) {
        guard !link.isVirtual else { return ([], []) }
        var inFlight: [Int] = []
        var limits: [Int] = []
        for queue in 0..<min(Int(link.transmitQueues ?? 1), 64) {
            let folder = "/sys/class/net/\(link.name)/queues/tx-\(queue)/byte_queue_limits"
            guard let text = KernelFile.text(at: "\(folder)/inflight"), let bytes = ProcText.numbers(text).first,
                bytes >= 0
            else { break }
            inFlight.append(bytes)
            if let limit = KernelFile.text(at: "\(folder)/limit").flatMap({ ProcText.numbers($0).first }), limit > 0 {
                limits.append(limit)
            }
        }
        return (inFlight, limits)
    }

    /// Devices that a packet to `address` passes, the outermost first; nil where the kernel has no way there.
    private func route(to address: IPAddress) -> [String] {
        guard !address.isMulticast, let route = own.route else { return [] }
        let index =
            (try? route.ask(type: RouteMessage.get, isDump: false, RouteMessage.body(to: address)) {
                RouteMessage.device($0, $1)
            })?.first
        guard let index, let link = links.first(where: { $0.index == index }) else { return [] }
        if link.kind == "vlan", let lower = links.first(where: { $0.index == link.lower }) {
            return [link.name, lower.name]
        }
        if link.kind == "bond" { return [link.name] + links.filter { $0.master == index }.map(\.name) }
        return [link.name]
    }

    // MARK: Once a second

    private func readSlowly(at time: Timestamp) {
        slow.layers = []
        slow.unread = []
        if let route = own.route {
            links =
                (try? route.ask(type: LinkMessage.get, isDump: true, LinkMessage.dumpBody) { type, bytes in
                    type == LinkMessage.type ? LinkMessage(bytes) : nil
                }) ?? links
        }
        slow.settings = SettingsReader.read()
        if let text = softNet?.text() {
            slow.layers += DeviceLayers.softNet(
                ProcText.softNet(text), capacity: slow.settings.maximumBacklog, &courses, at: time)
        } else {
            slow.unread.append(UnreadLayer(.softnet, name: "softnet", reason: "/proc/net/softnet_stat cannot be read"))
        }
        slow.processorPressure = pressure?.text().flatMap(ProcText.pressure)
        readTotals(at: time)
        let watched = links.filter(isWatched)
        drivers.refresh(watched, own.plain, at: time)
        var found: (layers: [HostLayer], unread: [UnreadLayer]) = ([], [])
        for link in watched { drivers.fill(&found.layers, &found.unread, link, &courses, at: time) }
        slow.layers += found.layers
        slow.unread += found.unread
        if owners.hidden > 0 {
            slow.unread.append(
                UnreadLayer(
                    .application, name: "processes",
                    reason: "no permission to see the owners of \(owners.hidden) processes' sockets"))
        }
    }

    /// Every socket once, by its fixed part alone.
    private func readTotals(at time: Timestamp) {
        var totals = SocketTotals()
        var holdings: [SocketHolding] = []
        var listeners: [SocketMessage] = []
        for handle in [own] + others {
            for isIPv4 in [true, false] {
                let body = SocketRequest.dump(isIPv4: isIPv4, transport: SocketRequest.tcp, extensions: 0)
                let count = try? handle.sockets.ask(type: SocketMessage.type, isDump: true, body) {
                    type, bytes -> Bool? in
                    guard type == SocketMessage.type else { return nil }
                    // Most sockets hold nothing: they are counted and not looked at further.
                    let isListening = bytes.uint8(at: 1) == KernelSocketState.listening.rawValue
                    let isEmpty = bytes.uint32(at: 56) == 0 && bytes.uint32(at: 60) == 0
                    guard isListening || !isEmpty, let message = SocketMessage(bytes) else { return true }
                    if isListening {
                        if handle === own { listeners.append(message) }
                        return true
                    }
                    var holding = SocketHolding(
                        transport: .tcp, local: message.local, remote: message.remote,
                        unread: Int(message.receiveQueue), unsent: Int(message.sendQueue), inode: message.inode)
                    holding.namespace = handle.name
                    if holdings.count < 65_536 { holdings.append(holding) }
                    return true
                }.count
                if handle === own, let count { totals.tcp = (totals.tcp ?? 0) + count }
            }
        }
        for socket in datagrams where socket.memory.received > 0 {
            var holding = SocketHolding(
                transport: .udp, local: socket.local, remote: socket.remote, unread: socket.memory.received, unsent: 0,
                inode: socket.inode)
            holding.drops = socket.memory.drops
            holdings.append(holding)
        }
        totals.udp = datagrams.filter { !$0.isElsewhere }.count
        totals.listening = listeners.count
        if let text = own.socketStatistics?.text() {
            let values = ProcText.socketStatistics(text)
            totals.tcp = totals.tcp.map { $0 + (values["TCP.tw"] ?? 0) }
            let page = sysconf(Int32(_SC_PAGESIZE))
            totals.tcpMemory = values["TCP.mem"].map { $0 &* page }
        }
        slow.sockets = totals
        slow.fullest = Array(holdings.sorted { ($0.bytes, $1.inode) > ($1.bytes, $0.inode) }.prefix(64))
        slow.listeners = listeners
    }

    /// Listening sockets with somebody in their queue. Overflows are counted for all of them together: they are one
    /// listener's when only that one is full.
    private func acceptQueues(_ listeners: [SocketMessage]) -> [HostLayer] {
        let full = listeners.filter { $0.receiveQueue > $0.sendQueue }
        return listeners.filter { $0.receiveQueue > 0 }.prefix(64).map { listener in
            var layer = HostLayer(
                .acceptQueue, name: "tcp:\(listener.local.port)", direction: .inward, unit: .connections,
                occupied: Int(listener.receiveQueue), capacity: Int(listener.sendQueue))
            if full.count == 1, full[0] == listener {
                layer.drops = counters.rise("TcpExt.ListenOverflows")
                layer.droppedSince = layer.drops ?? 0
                layer.dropsPerSecond = counters.perSecond("TcpExt.ListenOverflows")
            }
            return layer
        }
    }

    // MARK: Owners

    private func findOwners(_ report: HostReport, at time: Timestamp) -> [UInt32: ProcessSnapshot] {
        var users: [UInt32: UInt32] = [:]
        for socket in report.sockets where socket.inode != 0 { users[socket.inode] = socket.user }
        for socket in report.datagramSockets ?? [] where socket.inode != 0 { users[socket.inode] = socket.user }
        for holding in slow.fullest where holding.inode != 0 && users[holding.inode] == nil {
            users[holding.inode] = .max
        }
        return owners.find(users, names: self.users, at: time) { wanted in
            // The helper has rights that this process gave up; where it is gone, own processes are still seen.
            helper?.scan(wanted) ?? OwnerScan.scan(wanted)
        }
    }
}
