import StreamtopApplication
import StreamtopBase
import StreamtopSecurity
import StreamtopTransport

/// The caps of the engine's own tables. Those of trackers are where the trackers are; `all` lists them with these for the
/// health screen. What happens at a cap is counted and shown (`CaptureHealth.tables`).
package struct EngineLimits: Sendable {
    /// Flows in the table. At 2 to 3 KB each this is the bulk of the memory: 100,000 short TCP flows take about 245 MB.
    /// Policy at the cap: closed flows go first, then flows that never carried data both ways, then the longest idle.
    package var flows = 131_072
    /// Bytes that trackers may hold of what passes, and their state to read it, over all flows. When it is spent, the flows
    /// of which least is known give up first.
    package var memory = MemoryBudget.defaultCapacity
    /// Flows for which values over time are kept for charts; a series is at most 600 samples.
    package var series = 1_024
    package var seriesSamples = 600
    /// Newest events kept for the events screen.
    package var eventHistory = 512
    /// Flows judged per second of capture time; the busiest take turns beyond that.
    package var diagnosesPerSecond = 256
    /// Flows whose snapshot is made anew for one picture of a dashboard; when more are busy they take turns, and show
    /// values that are a few pictures old. Rates, packets and verdicts are always those of the picture.
    package var freshSnapshots = 128
    /// Packets before a flow is judged while it runs. Every flow is judged once more at its end.
    package var packetsBeforeDiagnosis: UInt64 = 20
    /// Packets below which a flow is not judged even at its end; two SYNs that nobody answered already say something.
    package var packetsBeforeLastDiagnosis: UInt64 = 2
    /// Datagrams in fragments under way, and their bytes.
    package var fragments = FragmentAssembler.Limits()
    /// Secrets and hellos with early data.
    package var security = SecurityTables.Limits()
    /// QUIC connection IDs by which a moved connection is found: several for each of some thousand connections. One that
    /// finds its ID forgotten becomes a flow of its own.
    package var quicConnectionIDs = 65_536
    /// Other addresses of QUIC connections that moved.
    package var quicPaths = 8_192
    /// QUIC connections asked for that a TCP connection may stand in for.
    package var quicAttempts = 1_024
    /// Hellos with early data remembered. A replay follows soon or not at all: servers refuse tickets older than seconds.
    package var earlyHellos = 8_192
    /// Media sources of which reports and other flows are remembered.
    package var mediaSources = 4_096
    /// Names of hosts that the capture gives.
    package var hostNames = 16_384
    /// Pairs of hosts for which the last flow that sent fragments is remembered.
    package var fragmentedPairs = 1_024
    /// "Too big" messages kept per flow; more are counted.
    package var tooBigMessages = 64
    /// A flow without packets for this long is shown as expired (RFC 5382 REQ-5 asks NATs for 2 h 4 min; a screen
    /// needs to let go sooner).
    package var tcpIdle: Nanoseconds = .seconds(600)
    package var udpIdle: Nanoseconds = .seconds(120)
    /// Live: closed and expired flows stay visible for this long, then leave the table.
    package var linger: Nanoseconds = .seconds(60)

    package init() {}

    /// Every cap, the engine's own first.
    package var all: [Limit] {
        [
            Limit(
                "bytes of the wire held", memory, .bytes, per: .engine,
                policy: "the least proven flows give up first, counted"),
            Limit(
                "flows", flows, per: .engine,
                policy: "closed ones go first, then those without payload both ways, then the longest idle"),
            Limit("series", series, per: .engine, policy: "later flows have no charts"),
            Limit("samples of a series", seriesSamples, per: .flow, policy: "pairs are joined"),
            Limit("events kept", eventHistory, per: .engine, policy: "the oldest go"),
            Limit("flows judged in a second", diagnosesPerSecond, per: .engine, policy: "the busiest by turns"),
            Limit("snapshots made anew", freshSnapshots, per: .engine, policy: "busy flows take turns"),
            Limit("QUIC connection IDs known", quicConnectionIDs, per: .engine, policy: "the oldest goes, counted"),
            Limit("QUIC paths", quicPaths, per: .engine, policy: "the oldest goes, counted"),
            Limit("QUIC attempts", quicAttempts, per: .engine, policy: "the oldest goes, counted"),
            Limit("host names", hostNames, per: .engine, policy: "more are left out, counted"),
            Limit("pairs of hosts with fragments", fragmentedPairs, per: .engine, policy: "the oldest goes, counted"),
            Limit("too-big messages", tooBigMessages, per: .flow, policy: "more are counted"),
            Limit("secrets", security.secrets, per: .engine, policy: "the oldest connection goes, counted"),
            Limit("early hellos", earlyHellos, per: .engine, policy: "the oldest goes, counted"),
        ] + HostFacts.limits + ReflectionTable.limits + fragments.all + TransportLimits.all + SecurityLimits.all
            + ApplicationLimits.all
    }
}

/// What the engine is asked to do besides tracking flows.
package struct EngineOptions: Sendable {
    package var limits = EngineLimits()
    /// QUIC packets logged one by one, over all flows in the table; 0 for none. A packet takes about 250 bytes.
    package var loggedPackets = 0
    /// Produce a sample per active flow at each interval of capture time; nil for none.
    package var sampleInterval: Nanoseconds?
    /// Hand out events (`drainOutputs`). The newest are kept for the snapshot in any case.
    package var collectsEvents = true
    /// Hand out the last snapshots of flows that leave the table.
    package var tellsRetiredFlows = true
    /// Keep values over time for charts and sparklines.
    package var keepsSeries = false
    /// Remove closed and expired flows after a while: right for live captures, wrong for files.
    package var retiresFlows = false
    /// The host's kernel is asked: flows that were active are named to whoever asks.
    package var asksHost = false
    /// Addresses of the capturing host, for telling the capture point; empty when reading files.
    package var localAddresses: Set<IPAddress> = []
    /// Mixed into the hash of flow keys. Fixed for files, so that the same file gives the same output; random when live.
    package var hashSeed: UInt64 = 0x5eed_5eed_5eed_5eed

    package init() {}
}
