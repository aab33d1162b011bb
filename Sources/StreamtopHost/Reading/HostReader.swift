import StreamtopBase
import StreamtopModel

/// Asks this host's kernel for its buffers. Opened while the process still has its rights, used by one thread of its own.
///
/// Reads no clock: the caller says when it asks.
package final class HostReader {
    private let namespaces: NamespaceSet
    private let softNet = KernelFile("/proc/net/softnet_stat")
    private let pressure = KernelFile("/proc/pressure/cpu")
    private let helper: OwnerFinder?
    private let users = UserNames()

    private var finder = SocketFinder()
    private var translations = TranslationTable()
    private var datagrams = DatagramReader()
    private var census = SocketCensus()
    private var courses = LayerCourses()
    private var owners = OwnerCache()
    private var slow = SlowFacts()
    private var nextSlow = Timestamp(nanoseconds: .min)
    private var driverLayers: [HostLayer] = []
    private var routes: Set<IPAddress> = []
    private var paths: [FlowKey: (namespace: UInt64, path: HostPath)] = [:]
    /// Routes change: all are asked for again then.
    private var nextRoutes = Timestamp(nanoseconds: .min)

    private static let routeCapacity = 4_096

    /// What is read once a second.
    private struct SlowFacts {
        var layers: [HostLayer] = []
        var unread: [UnreadLayer] = []
        var settings = HostSettings()
        var processorPressure: Double?
    }

    /// nil when the kernel gives not even a socket to ask through. `entersNamespaces`: with the rights for it.
    package init?(devices: [String], entersNamespaces: Bool, helper: OwnerFinder?) {
        let captured = devices.contains("any") ? [] : Set(devices)
        guard let namespaces = NamespaceSet(captured: captured, entersAny: entersNamespaces) else { return nil }
        self.namespaces = namespaces
        self.helper = helper
    }

    /// One look at the host.
    package func read(_ requests: HostRequests, at time: Timestamp) -> HostReport {
        var report = HostReport(time: time)
        if time >= nextRoutes {
            nextRoutes = time + .seconds(10)
            routes.removeAll()
            paths.removeAll()
        }
        let found = finder.find(requests.flows, namespaces, &translations, at: time)
        report.sockets = found.map(\.socket)
        if time >= nextSlow {
            nextSlow = time + .seconds(1)
            readSlowly(at: time)
        }
        for found in found where found.socket.isElsewhere { note(path: found.socket, found.member, &report) }
        if datagrams.isDue(at: time) { readDatagrams(requests, &report, at: time) }
        for end in requests.flows.flatMap({ [$0.low.address, $0.high.address] }) + requests.peers
        where routes.count < Self.routeCapacity && routes.insert(end).inserted {
            report.routes[end] = namespaces.own.devices.names(to: end)
        }
        report.host = snapshot(at: time)
        report.owners = findOwners(report, at: time)
        return report
    }

    private func snapshot(at time: Timestamp) -> HostSnapshot {
        var host = HostSnapshot(time: time)
        let passed = Set(paths.values.flatMap { $0.path.out + $0.path.inward })
        host.layers = namespaces.own.devices.queues(at: time) + driverLayers + slow.layers
        for member in namespaces.others {
            // Most have nothing but a cable without a queue: told where a flow passes it.
            for var layer in member.devices.queues(at: time) {
                layer.isOffPath = !passed.contains(layer.name)
                if !layer.isOffPath || layer.kind != "noqueue" { host.layers.append(layer) }
            }
        }
        host.layers += census.acceptQueues(namespaces.own.counters) + datagrams.layers
        host.unread = slow.unread + namespaces.unread + (translations.unread.map { [$0] } ?? [])
        host.sockets = census.totals
        host.fullest = census.fullest.map { holding in
            var holding = holding
            holding.process = owners[holding.inode]
            return holding
        }
        for member in namespaces.all { host.counters += member.counters.counters(of: member.handle.name) }
        host.processorPressure = slow.processorPressure
        host.settings = slow.settings
        for member in namespaces.all {
            host.repeatedReadings &+= member.handle.sockets.repeated &+ (member.handle.route?.repeated ?? 0)
            host.failedReadings &+= member.handle.sockets.failed &+ (member.handle.route?.failed ?? 0)
        }
        return host
    }

    // MARK: Sockets

    /// The devices between a socket of another namespace and the network.
    private func note(path socket: KernelSocket, _ member: NamespaceSet.Member, _ report: inout HostReport) {
        let ends = socket.ownEnds ?? SocketEnds(local: socket.local, remote: socket.remote)
        note(
            path: FlowKey(source: socket.local, destination: socket.remote, transport: 6), ends, socket.remote, member,
            &report)
    }

    private func note(
        path key: FlowKey, _ ends: SocketEnds, _ seen: Endpoint, _ member: NamespaceSet.Member,
        _ report: inout HostReport
    ) {
        guard paths[key]?.namespace != member.handle.inode, paths.count < Self.routeCapacity else { return }
        let path = member.devices.path(
            from: ends.local.address, to: ends.remote.address, seenAs: seen.address, over: namespaces.own.devices)
        paths[key] = (member.handle.inode, path)
        report.paths[key] = path
    }

    private func readDatagrams(_ requests: HostRequests, _ report: inout HostReport, at time: Timestamp) {
        datagrams.read(namespaces, at: time)
        report.datagramSockets = datagrams.sockets
        for flow in requests.datagrams {
            let ends = [(flow.low, flow.high), (flow.high, flow.low)]
            let own = ends.lazy.compactMap { local, remote in
                self.datagrams.sockets.first { $0.serves(local, from: remote) }
            }.first
            if let own, !own.isElsewhere { continue }
            guard case .rewritten(let other) = translations.answer(of: flow, at: time) else {
                guard let own, let member = datagrams.member(of: own) else { continue }
                let isLow = own.serves(flow.low, from: flow.high)
                let (local, remote) = isLow ? (flow.low, flow.high) : (flow.high, flow.low)
                note(path: flow, SocketEnds(local: local, remote: remote), remote, member, &report)
                continue
            }
            guard let socket = datagrams.translated(flow, other) else { continue }
            report.translatedDatagrams[flow] = socket
            guard let member = datagrams.member(of: socket) else { continue }
            let isInitiator = socket.local == other.seenInitiator
            let inner = SocketEnds(
                local: isInitiator ? other.initiator : other.responder,
                remote: isInitiator ? other.responder : other.initiator)
            note(path: flow, inner, socket.remote, member, &report)
        }
        namespaces.own.readCounters(at: time)
        driverLayers = namespaces.own.devices.driverLayers(at: time)
    }

    // MARK: Once a second

    private func readSlowly(at time: Timestamp) {
        slow.layers = []
        slow.unread = []
        namespaces.refresh(at: time)
        translations.readFile(at: time)
        slow.settings = SettingsReader.read()
        if let text = softNet?.text() {
            slow.layers += DeviceLayers.softNet(
                ProcText.softNet(text), capacity: slow.settings.maximumBacklog, &courses, at: time)
        } else {
            slow.unread.append(UnreadLayer(.softnet, name: "softnet", reason: "/proc/net/softnet_stat cannot be read"))
        }
        slow.processorPressure = pressure?.text().flatMap(ProcText.pressure)
        census.read(namespaces, datagrams.sockets)
        for member in namespaces.all {
            let (layers, unread) = member.devices.refresh(at: time)
            slow.layers += layers
            slow.unread += unread
            member.devices.forget(before: time - .seconds(10))
            if member !== namespaces.own { member.readCounters(at: time) }
        }
        if owners.hidden > 0 {
            slow.unread.append(
                UnreadLayer(
                    .application, name: "processes",
                    reason: "no permission to see the owners of \(owners.hidden) processes' sockets"))
        }
        courses.forget(before: time - .seconds(10))
        datagrams.forget(before: time - .seconds(10))
    }

    private func findOwners(_ report: HostReport, at time: Timestamp) -> [UInt32: ProcessSnapshot] {
        var users: [UInt32: UInt32] = [:]
        for socket in report.sockets where socket.inode != 0 { users[socket.inode] = socket.user }
        for socket in report.datagramSockets ?? [] where socket.inode != 0 { users[socket.inode] = socket.user }
        for holding in census.fullest where holding.inode != 0 && users[holding.inode] == nil {
            users[holding.inode] = .max
        }
        return owners.find(users, names: self.users, at: time) { wanted in
            // The helper has rights that this process gave up; where it is gone, own processes are still seen.
            helper?.scan(wanted) ?? OwnerScan.scan(wanted)
        }
    }
}
