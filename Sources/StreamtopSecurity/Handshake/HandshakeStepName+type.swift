import StreamtopModel
import StreamtopWire

extension HandshakeStepName {
    /// The step that a message of this type is; nil for a type that is not known.
    init?(_ type: TLSHandshakeType) {
        switch type {
        case .helloRequest: self = .helloRequest
        case .clientHello: self = .clientHello
        case .serverHello: self = .serverHello
        case .helloVerifyRequest: self = .helloVerifyRequest
        case .newSessionTicket: self = .newSessionTicket
        case .endOfEarlyData: self = .endOfEarlyData
        case .draftHelloRetryRequest: self = .helloRetryRequest
        case .encryptedExtensions: self = .encryptedExtensions
        case .requestConnectionID: self = .requestConnectionID
        case .newConnectionID: self = .newConnectionID
        case .certificate, .compressedCertificate: self = .certificate
        case .serverKeyExchange: self = .serverKeyExchange
        case .certificateRequest: self = .certificateRequest
        case .serverHelloDone: self = .serverHelloDone
        case .certificateVerify: self = .certificateVerify
        case .clientKeyExchange: self = .clientKeyExchange
        case .finished: self = .finished
        case .certificateURL: self = .certificateURL
        case .certificateStatus: self = .certificateStatus
        case .keyUpdate: self = .keyUpdate
        case .nextProtocol: self = .nextProtocol
        default: return nil
        }
    }
}
