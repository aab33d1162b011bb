import StreamtopApplication
import StreamtopBase
import StreamtopModel

/// What the flows of an engine tell of sessions, for whoever joins the flows of all.
struct SessionParts {
    /// What exchanges told of media since the last part of a batch.
    var mediaReports = MediaReportList()
    /// Seconds that players hold, at the deadlines of the samples to come, by the ordinal of their flows.
    var playerBuffers: [[UInt64: Double]] = []
    /// Flows with connectivity checks that are over, for the calls they belong to.
    var callFlows: [FlowSnapshot] = []
    var callCount = 0
    /// Connections that are over and may have carried media nobody could read.
    var encryptedConnections: [EncryptedConnection] = []
}
