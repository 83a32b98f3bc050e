{ inputs: 'ÿş' }
